import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unlabelled import tables
from unlabelled.errors import UserError
from unlabelled.structures.splits import SCHEMA, split, split_by_folds


def crystals(formulas):
    ids = [f"mp-{i}" for i in range(len(formulas))]
    return pd.DataFrame({"material_id": ids, "formula_reduced": list(formulas)})


MANY = crystals([f"A{i % 40}B" for i in range(100)])
FEW = crystals(["NaCl", "NaCl", "MgO", "SiO2"])


def held_out(parts):
    return set(parts.material_id[parts.part == "test"])


@pytest.fixture
def fold_file(tmp_path):
    def write(rows, header="material_id,fold"):
        path = tmp_path / "folds.csv"
        path.write_text("\n".join([header, *rows.split()]))
        return path

    return write


@given(st.lists(st.sampled_from("ABCDEFGH"), min_size=1), st.floats(0.01, 0.99), st.integers(0, 99))
def test_no_formula_is_on_both_sides(formulas, fraction, seed):
    parts = split(crystals(formulas), "formula", fraction, seed, "gap")
    assert parts.groupby("formula_reduced").part.nunique().max() == 1
    assert parts[["material_id", "formula_reduced"]].equals(crystals(formulas))
    assert "test" in set(parts.part) <= {"train", "test"}


def test_a_share_that_is_a_whole_number_is_exact():
    assert len(held_out(split(MANY, "crystal", 0.07, 0, "gap"))) == 7


@pytest.mark.parametrize(
    ("by", "unit", "expected"), [("formula", "formula_reduced", 11), ("crystal", "material_id", 26)]
)
def test_the_share_of_the_test_part_is_rounded_up(by, unit, expected, tmp_path):
    parts = split(MANY, by, 0.255, 0, "gap")
    assert parts[parts.part == "test"][unit].nunique() == expected
    tables.write(parts, tmp_path / "split.parquet", SCHEMA, {})


@pytest.mark.parametrize("by", ["formula", "crystal"])
def test_the_draw_depends_on_seed_and_task_and_not_on_the_order_of_crystals(by):
    first = split(MANY, by, 0.2, 0, "gap")
    assert split(MANY, by, 0.2, 0, "gap").equals(first)
    turned = split(MANY[::-1], by, 0.2, 0, "gap")
    assert list(turned.material_id) == list(MANY.material_id[::-1])
    assert held_out(turned) == held_out(first)
    assert held_out(split(MANY, by, 0.2, 1, "gap")) != held_out(first)
    assert held_out(split(MANY, by, 0.2, 0, "energy")) != held_out(first)


@pytest.mark.parametrize("fold", [1, "1", "held"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_one_fold_is_the_test_part_and_other_crystals_do_no_harm(fold_file, fold, kind):
    path = fold_file(f"mp-3,{fold} other,2 mp-1,0 mp-0,{fold} mp-2,2")
    if kind == "parquet":
        pd.read_csv(path).to_parquet(path.with_suffix(".parquet"))
        path = path.with_suffix(".parquet")
    parts = split_by_folds(FEW, path, fold)
    assert parts[["material_id", "formula_reduced"]].equals(FEW)
    assert list(parts.part) == ["test", "train", "train", "test"]


@pytest.mark.parametrize(
    ("rows", "header", "message"),
    [
        ("mp-0,0", "material_id,part", r"lacks the column fold; it has \['material_id', 'part'\]"),
        ("mp-0,0", "name,fold", "lacks the column material_id"),
        ("mp-0,0 mp-1,1 mp-1,0", "material_id,fold", "names mp-1 more than once"),
        ("mp-0,0 mp-1,1 mp-2,1 mp-3,2", "material_id,fold", r"no fold 7; it has \['0', '1', '2'\]"),
        ("mp-0,0 mp-1, mp-2,7", "material_id,fold", "leaves the fold of mp-1 empty"),
        ("mp-0,0 mp-1,7,8 mp-2", "material_id,fold", "cannot be read: .*line 3"),
        ("mp-0,0 mp-1,0 mp-2,0 mp-3,0 x,7", "material_id,fold", "puts 0 of 4 crystals into fold 7"),
        ("mp-0,7 mp-1,7 mp-2,7 mp-3,7", "material_id,fold", "puts 4 of 4 crystals into fold 7"),
        ("mp-0,0 mp-2,7", "material_id,fold", "no fold for 2 of 4 crystals, the first mp-1;"),
    ],
)
def test_what_is_wrong_with_a_fold_file_is_named(fold_file, rows, header, message):
    path = fold_file(rows, header)
    with pytest.raises(UserError, match=f"(?s){path} .*{message}"):
        split_by_folds(FEW, path, 7)


def test_identifiers_and_folds_in_a_csv_are_text(fold_file):
    table = pd.DataFrame({"material_id": ["0001", "NaN", "1e5"], "formula_reduced": list("XYZ")})
    parts = split_by_folds(table, fold_file("0001,01 NaN,02 1e5,02"), "01")
    assert list(parts.part) == ["test", "train", "train"]


def test_a_fold_file_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(UserError, match=f"{tmp_path / 'no.csv'} does not exist.*split.file"):
        split_by_folds(FEW, tmp_path / "no.csv", 0)
