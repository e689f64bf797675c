import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unlabelled.errors import UserError
from unlabelled.phase_field.descriptors import concatenated, multi_hot_and_statistics
from unlabelled.phase_field.fields import ELEMENTS, PADDING, ids, key

sets = st.lists(st.sets(st.sampled_from(ELEMENTS), min_size=1, max_size=9), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def vectors():
    return np.random.default_rng(0).normal(size=(87, 5)).astype(np.float32)


@given(chosen=sets)
def test_statistics_are_those_of_a_plain_loop(vectors, chosen):
    found = multi_hot_and_statistics(ids([key(symbols) for symbols in chosen]), vectors)
    assert found.shape == (len(chosen), 87 + 4 * 5 + 1)
    for row, symbols in zip(found, chosen, strict=True):
        places = [ELEMENTS.index(symbol) for symbol in symbols]
        of_elements = vectors[places].astype(float)
        flags = [float(symbol in symbols) for symbol in ELEMENTS]
        expected = [
            *flags,
            *of_elements.mean(axis=0),
            *of_elements.min(axis=0),
            *of_elements.max(axis=0),
            *of_elements.std(axis=0),
            len(symbols),
        ]
        np.testing.assert_allclose(row, expected, rtol=1e-6, atol=1e-6)


@given(chosen=sets, seed=st.integers(0, 99))
def test_neither_order_nor_slots_have_a_say(vectors, chosen, seed):
    plain = ids([key(symbols) for symbols in chosen])
    shuffled = np.random.default_rng(seed).permuted(ids([*map(key, chosen)], slots=12), axis=1)
    expected = multi_hot_and_statistics(plain, vectors)
    assert np.array_equal(multi_hot_and_statistics(shuffled, vectors), expected)


def test_elements_are_added_up_in_one_order():
    # 1e17 + 1 - 1e17 is 0 or 1, by the order
    vectors = np.zeros((87, 1), np.float32)
    vectors[:3, 0] = 1e17, 1, -1e17
    one, other = multi_hot_and_statistics(np.array([[0, 1, 2], [0, 2, 1]], np.int8), vectors)
    assert np.array_equal(one, other)


def test_one_element_has_no_spread(vectors):
    (row,) = multi_hot_and_statistics(ids(["Nb"]), vectors)
    niobium = vectors[ELEMENTS.index("Nb")]
    assert row[87:].tolist() == [*niobium, *niobium, *niobium, *[0.0] * 5, 1.0]


def test_concatenated_vectors_follow_the_slots(vectors):
    found = concatenated(ids(["B Mg", "Nb"], slots=3), vectors)
    boron, magnesium, niobium = (vectors[ELEMENTS.index(symbol)] for symbol in ("B", "Mg", "Nb"))
    nothing = np.zeros(5)
    assert found.tolist() == [
        [*boron, *magnesium, *nothing],
        [*niobium, *nothing, *nothing],
    ]


def test_a_field_without_elements_is_an_error(vectors):
    empty = np.array([[3, PADDING], [PADDING, PADDING]], np.int8)
    with pytest.raises(UserError, match="field 1 has no elements"):
        multi_hot_and_statistics(empty, vectors)


@pytest.mark.parametrize("describe", [concatenated, multi_hot_and_statistics])
def test_vectors_of_other_elements_are_an_error(vectors, describe):
    with pytest.raises(ValueError, match="there are 86 vectors, not 87"):
        describe(ids(["Nb"]), vectors[:86])
