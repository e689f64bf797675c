import logging

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from unlabelled import tables
from unlabelled.composition import collection
from unlabelled.composition.schema import compositions
from unlabelled.errors import SourceError
from unlabelled.sources import registry
from unlabelled.structures.schema import MAX_NAME, REJECTS, crystals

LABELS = {"gap": "eV", "energy": "eV/atom"}


def source(path, label="gap"):
    unit = {"column": "target", "unit": LABELS[label]}
    return {
        "kind": "compositions",
        "path": str(path),
        "formula": "formula",
        "labels": {label: unit},
    }


@pytest.fixture
def collect(tmp_path):
    """Collect tables given as text, by name and label."""

    def collected(**texts):
        entries = []
        for label, text in texts.items():
            path = tmp_path / f"{label}.csv"
            path.write_text(f"formula,target\n{text}")
            entries.append((label, registry.compositions(label, source(path, label), path)))
        return collection.of_formulas(entries, LABELS)

    return collected


def written(collected, folder, limit):
    collection.write(
        collected,
        LABELS,
        folder / "c.parquet",
        folder / "r.parquet",
        collection="c",
        limit=limit,
        seed=1,
        provenance={"seed": 1},
    )
    return tables.read(folder / "c.parquet")


def counts(collected):
    return len(collected.rows), collected.merged, len(collected.rejected)


def test_brackets_exponents_and_nitrides_are_compositions(collect):
    rows = collect(gap="Ca(OH)2,1\nFe0.9999Cu5e-05,2\nNaN,3\nCaSO4·2H2O,4\nD2O,5\n").rows
    found = [
        dict(zip(numbers, amounts, strict=True))
        for numbers, amounts in zip(rows["atomic_numbers"], rows["amounts"], strict=True)
    ]
    assert found == [
        {1: 2, 8: 2, 20: 1},
        {26: 0.9999, 29: 5e-05},
        {7: 1, 11: 1},
        {1: 4, 8: 6, 16: 1, 20: 1},
        {1: 2, 8: 1},
    ]
    assert list(rows["formula_reduced"][:3]) == ["Ca(HO)2", "Fe0.9999Cu5e-05", "NaN"]
    assert list(rows["entry"]) == list(rows["formula"])


def test_equal_compositions_become_one_row_with_mean_and_joined_labels(collect):
    collected = collect(
        gap="Fe2O3,1\nTiO2,2\nO6Fe4,3\nO2,0\n", energy="Fe0.4O0.6,-2\nTi2O4,-4\nFeO,-1\n"
    )
    rows = collected.rows.set_index("entry")
    assert list(rows.index) == ["Fe2O3", "TiO2", "O2", "FeO"]
    assert rows["gap"].tolist()[:3] == [2, 2, 0]
    assert rows["energy"].tolist()[:2] == [-2, -4]
    assert np.isnan([rows.loc["FeO", "gap"], rows.loc["O2", "energy"]]).all()
    assert list(rows["source"]) == ["gap", "gap", "gap", "energy"]
    assert counts(collected) == (4, 3, 0)


@pytest.mark.parametrize(
    ("row", "reason", "message"),
    [
        ("Xx2O3,1", "unsupported element", "Xx is no element"),
        ("rock salt,1", "unreadable", "'rock salt' is not a formula"),
        (",1", "unreadable", "nothing in the column 'formula'"),
        (f"{'Na' * 1000},1", "unreadable", "2000 characters are more than 1000"),
        (f"{'(' * 450}Na{')' * 450}x,1", "unreadable", "is not a formula"),
        ("Na0,1", "unreadable", "is not a formula"),
        ("Na1e400,1", "unreadable", "is not a formula"),
        ("Na-1Cl,1", "unreadable", "is not a formula"),
        ("NaCl", "unreadable", "the row has 1 cells, the header 2"),
        ("CaSO4.2H2O,1", "unreadable", "several readings"),
        ("Fe2O3-x,1", "unreadable", "is not a formula"),
        ("((((,1", "unreadable", "is not a formula"),
        (f"{'(' * 100_000}Na{')' * 100_000},1", "unreadable", "200002 characters are more than"),
        ("Na1e300Cl1e300,1", "unreadable", "is not a formula"),
        ("H₂O,1", "unreadable", "is not a formula"),
        ("Na\N{ZERO WIDTH SPACE}Cl,1", "unreadable", "is not a formula"),
        ("Fe²⁺O,1", "unreadable", "is not a formula"),
        ("NaCl\0,1", "unreadable", "is not a formula"),
        ("=NaCl,1", "unreadable", "is not a formula"),
        ("NaCl,1e300", "missing label", "no number for gap"),
        ("NaCl,nan", "missing label", "no number for gap"),
        ("NaCl,", "missing label", "no number for gap"),
    ],
)
def test_a_bad_row_is_refused_and_no_other(collect, row, reason, message):
    collected = collect(gap=f"KCl,1\n{row}\nLiCl,2\n")
    assert list(collected.rows["entry"]) == ["KCl", "LiCl"]
    [rejected] = collected.rejected.to_dict("records")
    assert (rejected["source"], rejected["stage"], rejected["reason"]) == (
        *("gap", "compositions"),
        reason,
    )
    name = row.partition(",")[0] or "row-2"
    assert rejected["entry"] == (name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…")
    assert message in rejected["message"]


def test_a_source_without_labels_needs_none(tmp_path):
    path = tmp_path / "mine.parquet"
    pd.DataFrame({"what": ["NaCl", None, "Na2Cl2"]}).to_parquet(path)
    spec = {"kind": "compositions", "path": str(path), "formula": "what"}
    collected = collection.of_formulas([("mine", registry.compositions("mine", spec, path))], {})
    assert counts(collected) == (1, 1, 1)
    assert collected.rejected["entry"].tolist() == ["row-2"]


def test_cells_of_another_kind_are_refused(tmp_path):
    path = tmp_path / "mine.parquet"
    pd.DataFrame({"what": [["Na", "Cl"], ["K"], []]}).to_parquet(path)
    spec = {"kind": "compositions", "path": str(path), "formula": "what"}
    collected = collection.of_formulas([("mine", registry.compositions("mine", spec, path))], {})
    assert counts(collected) == (0, 0, 3)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_that_cannot_be_used_is_one_clear_error(tmp_path, suffix):
    path = tmp_path / f"mine.{suffix}"
    with pytest.raises(SourceError, match=rf"source 'mine': .*mine\.{suffix} cannot be read"):
        list(registry.compositions("mine", source(path), path))
    frame = pd.DataFrame({"formul": ["NaCl"], "target": [1.0]})
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    with pytest.raises(SourceError, match="no column 'formula'; did you mean 'formul'"):
        list(registry.compositions("mine", source(path), path))


def test_nothing_is_lost_and_the_log_says_so(collect, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    collected = collect(gap="KCl,1\nK2Cl2,2\nNaCl,3\nLiCl,4\n?,5\nXx,6\n", energy="KCl,1\n")
    assert counts(collected) == (3, 2, 2)
    assert len(written(collected, tmp_path, 2)) == 2
    assert "7 rows read = 2 accepted + 1 beyond the limit + 2 merged + 2 rejected" in caplog.text
    assert "unreadable: 1; unsupported element: 1" in caplog.text
    assert pq.read_schema(tmp_path / "c.parquet").equals(compositions(LABELS))
    assert pq.read_schema(tmp_path / "c.parquet").field("gap").metadata[b"unit"] == b"eV"
    assert pq.read_schema(tmp_path / "r.parquet").equals(REJECTS)
    assert tables.provenance(tmp_path / "c.parquet") == {"seed": 1}


def test_subsets_of_one_seed_are_nested_and_in_order(collect, tmp_path):
    collected = collect(gap="".join(f"K{n}Cl,{n}\n" for n in range(1, 21)))
    found = [written(collected, tmp_path, limit)["gap"].tolist() for limit in (5, 10, 99)]
    assert set(found[0]) < set(found[1]) < set(found[2])
    assert [len(rows) for rows in found] == [5, 10, 20]
    assert all(rows == sorted(rows) for rows in found)


def test_no_row_at_all_is_a_table_too(collect, tmp_path):
    collected = collect(gap="?,1\n")
    assert counts(collected) == (0, 0, 1)
    assert written(collected, tmp_path, 3).empty


def test_every_crystal_is_a_row_with_the_amounts_of_its_reduced_formula(tmp_path):
    names = ["mp-1", "mp-2", "mp-3"]
    frame = {
        "material_id": names,
        "formula_reduced": ["NaCl", "NaCl", "TiO2"],
        "elements": [["Cl", "Na"], ["Cl", "Na"], ["O", "Ti"]],
        "n_sites": [8, 2, 6],
        "space_group": [225, 221, 136],
        "volume": [1.0, 1.0, 1.0],
        "lattice": [np.eye(3).ravel()] * 3,
        "atomic_numbers": [[11] * 4 + [17] * 4, [17, 11], [22, 22, 8, 8, 8, 8]],
        "frac_coords": [[0.0] * 24, [0.0] * 6, [0.0] * 18],
        "source": ["flla"] * 3,
        "gap": [5.0, None, 3.0],
    }
    schema = crystals({"gap": "eV"})
    tables.write(pa.table(frame, schema), tmp_path / "x.parquet", schema, {})
    collected = collection.of_crystals(tmp_path / "x.parquet", {"gap": "eV"})
    assert counts(collected) == (3, 0, 0)
    rows = collected.rows
    assert list(rows["entry"]) == names
    assert [list(row) for row in rows["atomic_numbers"]] == [[11, 17], [11, 17], [8, 22]]
    assert [list(row) for row in rows["amounts"]] == [[1, 1], [1, 1], [2, 1]]
    assert rows["gap"].tolist()[::2] == [5, 3]
