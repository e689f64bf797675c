import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unlabelled.phase_field.fields import (
    ELEMENTS,
    PADDING,
    ids,
    key,
    misaligned,
    multi_hot,
    names,
)

sets = st.lists(st.sets(st.sampled_from(ELEMENTS), min_size=1, max_size=10), max_size=8)


def test_the_elements_are_those_of_the_study():
    assert len(ELEMENTS) == 87
    assert ELEMENTS[0] == "H"
    assert ELEMENTS[-1] == "Pu"
    assert not {"Ne", "Ar", "Po", "At", "Rn", "Fr", "Ra"} & set(ELEMENTS)
    assert {"He", "Kr", "Xe"} <= set(ELEMENTS)


@given(sets)
def test_ids_hold_the_fields(chosen):
    fields = [key(symbols) for symbols in chosen]
    for order in ("alphabetical", "atomic_number"):
        assert names(ids(fields, order=order)) == fields
    flags = multi_hot(ids(fields, slots=12))
    assert [{ELEMENTS[place] for place in np.flatnonzero(row)} for row in flags] == chosen


def test_orders_within_a_field():
    (by_name,), (by_number,) = ids(["Ag C"]), ids(["Ag C"], order="atomic_number")
    assert [ELEMENTS[place] for place in by_name] == ["Ag", "C"]
    assert [ELEMENTS[place] for place in by_number] == ["C", "Ag"]
    assert ids(["H"], slots=3).tolist() == [[0, PADDING, PADDING]]


def test_a_field_that_is_too_large_is_an_error():
    with pytest.raises(ValueError, match="a field of 3 elements does not fit into 2 slots"):
        ids(["Ba Cu O"], slots=2)


def test_an_unknown_element_is_an_error():
    with pytest.raises(ValueError, match="'Rn' is not among the 87 elements"):
        ids(["O Rn"])


def test_elements_beyond_radon_have_no_misaligned_row():
    found = misaligned(np.ones((len(ELEMENTS), 2), np.float32))
    assert [ELEMENTS[place] for place in np.flatnonzero(np.isnan(found).all(axis=1))] == [
        *("Ac", "Th", "Pa", "U", "Np", "Pu")
    ]


@pytest.mark.parametrize(
    ("symbol", "read"), [("H", "H"), ("F", "F"), ("Na", "Mg"), ("K", "Sc"), ("Bi", "Th")]
)
def test_misaligned_rows_are_those_of_other_elements(symbol, read):
    rows = np.arange(len(ELEMENTS), dtype=np.float32)[:, None]
    found = misaligned(rows)[ELEMENTS.index(symbol), 0]
    assert ELEMENTS[int(found)] == read
