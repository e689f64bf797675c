import pandas as pd
import pytest

from unlabelled import tables
from unlabelled.composition import collection
from unlabelled.errors import UserError
from unlabelled.phase_field import property_table
from unlabelled.sources.entry import FormulaEntry
from unlabelled.structures.schema import Reason


def collected(*rows):
    """Compositions of (formula or set of elements, value)."""
    entries = [FormulaEntry(text, {"tc": value}, None, text) for text, value in rows]
    return collection.of_formulas([("mine", entries)], {"tc": "K"})


def fields_of(*rows, threshold=10.0, inclusive=False):
    return property_table.property_table(
        collected(*rows).rows, "tc", threshold=threshold, inclusive=inclusive
    )


def test_a_field_has_the_largest_value_of_its_compositions():
    found, rejected = fields_of(("MgB2", 39.0), ("MgB4", 0.0), ("B Mg", 12.0), ("Nb", 9.2))
    assert found["field"].tolist() == ["B Mg", "Nb"]
    assert found["value"].tolist() == [39.0, 9.2]
    assert found["n_compositions"].tolist() == [3, 1]
    assert found["n_elements"].tolist() == [2, 1]
    assert found["above"].tolist() == [True, False]
    assert rejected.empty


def test_the_threshold_itself_counts_if_asked_for():
    rows = [("Nb", 9.0), ("Nb N", 10.0), ("B Mg", 39.0)]
    assert fields_of(*rows)[0]["above"].sum() == 1
    assert fields_of(*rows, inclusive=True)[0]["above"].sum() == 2


@pytest.mark.parametrize("debris", ["D0+ Fe", "T0+ Cu", "Fe M0+ O", "Drhom0+ Fe"])
def test_debris_is_rejected_and_not_read_as_an_element(debris):
    found = collected((debris, 5.0), ("Fe O", 7.0))
    assert found.rows["entry"].tolist() == ["Fe O"]
    assert found.rejected["entry"].tolist() == [debris]


def test_elements_that_the_models_lack_are_rejected_by_name():
    found, rejected = fields_of(("Fe O", 700.0), ("Am Fe", 500.0), ("Nb", 9.0), ("Ne Rn", 1.0))
    assert found["field"].tolist() == ["Fe O", "Nb"]
    assert rejected["entry"].tolist() == ["Am Fe", "Ne Rn"]
    assert set(rejected["reason"]) == {Reason.UNSUPPORTED_ELEMENT}
    assert rejected["message"].tolist()[0].startswith("Am: not among the 87 elements")


def test_values_on_one_side_are_an_error_that_names_the_extent():
    with pytest.raises(UserError, match=r"the 2 fields with tc .* threshold 10; .* from 1 to 9"):
        fields_of(("Nb", 9.0), ("Fe O", 1.0))


def test_tables_are_written_and_reported_fields_gathered(tmp_path):
    paths = {}
    for name, rows in {
        "measured": [("MgB2", 39.0), ("Nb", 9.2)],
        "computed": [("MgB4", 0.0), ("Am Fe", 1.0)],
    }.items():
        paths[name] = tmp_path / f"{name}.parquet"
        found = collected(*rows)
        collection.write(
            found,
            {"tc": "K"},
            paths[name],
            tmp_path / f"{name}.rejected.parquet",
            collection=name,
            limit=None,
            seed=0,
            provenance={},
        )
    property_table.write(
        paths["measured"],
        "tc",
        tmp_path / "fields.parquet",
        tmp_path / "fields.rejected.parquet",
        unit="K",
        threshold=10,
        inclusive=False,
        limit=None,
        seed=1,
        provenance={"seed": 1},
    )
    assert tables.read(tmp_path / "fields.parquet")["field"].tolist() == ["B Mg", "Nb"]
    reported = property_table.reported(paths)
    expected = pd.DataFrame(
        {"field": ["B Mg", "Nb"], "measured": [True, True], "computed": [True, False]}
    )
    pd.testing.assert_frame_equal(reported, expected, check_dtype=False)
