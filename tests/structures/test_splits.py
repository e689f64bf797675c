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


FORMULAS = [f"A{i % 40}B" for i in range(100)]
MANY = crystals(FORMULAS)
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


@given(st.lists(st.sampled_from("ABCDEFGH"), min_size=1), st.floats(0.2, 0.8), st.integers(0, 99))
def test_no_formula_is_on_both_sides(formulas, fraction, seed):
    table = crystals([*formulas, *FORMULAS])
    parts = split(table, "formula", fraction, seed)
    assert parts.groupby("formula_reduced").part.nunique().max() == 1
    assert parts[["material_id", "formula_reduced"]].equals(table)
    assert set(parts.part) == {"train", "test"}


def test_the_test_part_has_the_share_asked_for(tmp_path):
    parts = split(crystals([f"A{i}B" for i in range(2000)]), "formula", 0.2, 0)
    assert (parts.part == "test").mean() == pytest.approx(0.2, abs=0.03)
    tables.write(parts, tmp_path / "split.parquet", SCHEMA, {})


@pytest.mark.parametrize("by", ["formula", "crystal"])
def test_a_side_depends_on_the_seed_and_on_nothing_else_in_the_table(by):
    first = split(MANY, by, 0.2, 0)
    turned = split(MANY[::-1], by, 0.2, 0)
    assert list(turned.material_id) == list(MANY.material_id[::-1])
    assert held_out(turned) == held_out(first)
    half = split(MANY[:50], by, 0.2, 0)
    assert held_out(half) == held_out(first) & set(MANY.material_id[:50])
    assert held_out(split(MANY, by, 0.2, 1)) != held_out(first)


@pytest.mark.parametrize("fraction", [1e-9, 1 - 1e-9])
def test_an_empty_part_is_an_error(fraction):
    with pytest.raises(UserError, match=r"of 4 crystals into the test part.*split.test_fraction"):
        split(FEW, "formula", fraction, 0)


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
