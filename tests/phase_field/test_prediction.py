import numpy as np
import pandas as pd
import pytest

from unlabelled import tables
from unlabelled.errors import UserError
from unlabelled.phase_field import prediction, property_table
from unlabelled.phase_field.fields import names
from unlabelled.phase_field.prediction import (
    possible,
    read,
    restored,
    transformed,
)


def test_fields_are_read_in_the_order_of_the_table(tmp_path):
    path = tmp_path / "fields.parquet"
    rows = pd.DataFrame(
        {
            "field": ["Nb", "B Mg"],
            "value": [9.2, 39.0],
            "above": [False, True],
            "n_elements": [1, 2],
            "n_compositions": [1, 3],
        }
    )
    tables.write(rows, path, property_table.schema("K"), {})
    found = read(path, slots=4)
    assert names(found.ids) == ["Nb", "B Mg"]
    assert found.ids.shape == (2, 4)
    assert found.value.tolist() == [9.2, 39.0]
    assert found.above.tolist() == [False, True]
    assert names(found.take(np.array([1])).ids) == ["B Mg"]
    assert found.take(found.above).value.tolist() == [39.0]
    with pytest.raises(UserError, match="cannot be read as a table"):
        read(tmp_path / "absent.parquet")


def test_the_unit_is_in_the_schema():
    units = {
        name: prediction.schema("eV").field(name).metadata[b"unit"] for name in ("value", "lower")
    }
    assert units == {"value": b"eV", "lower": b"eV"}


def test_values_of_a_property_that_is_never_below_zero():
    values = np.array([-2.0, 0.0, 1.0, 99.0])
    assert restored(transformed(values, "identity"), "identity").tolist() == values.tolist()
    assert restored(transformed(values, "log1p"), "log1p") == pytest.approx([0, 0, 1, 99])
    assert restored(np.array([-3.0]), "log1p").tolist() == [0.0]
    assert possible(values, "identity").tolist() == values.tolist()
    assert possible(values, "log1p").tolist() == [0.0, 0.0, 1.0, 99.0]
