import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unlabelled.errors import UserError
from unlabelled.phase_field.fields import ELEMENTS, ids, key, multi_hot
from unlabelled.phase_field.folds import (
    core_folds,
    element_folds,
    inner_folds,
    published_folds,
    random_folds,
)

classes = st.lists(st.booleans(), min_size=12, max_size=60).map(np.array)


def random_fields(seed, n=200):
    """Fields of 1 to 5 of 12 elements, about half of them above."""
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 6, n)
    chosen = ELEMENTS[:12]
    fields = [key(random.choice(chosen, size, replace=False)) for size in sizes]
    return ids(fields), random.random(n) < 0.5


def assert_divided(folds, n):
    """Every fold puts every row on one side."""
    for fold in folds:
        assert sorted([*fold.train, *fold.test]) == list(range(n))
        assert len(fold.test)


def same(some, others):
    return [(*fold[:3], fold.train.tolist(), fold.test.tolist()) for fold in some] == [
        (*fold[:3], fold.train.tolist(), fold.test.tolist()) for fold in others
    ]


@given(classes, st.integers(2, 6), st.integers(0, 9))
def test_random_folds_share_out_either_class(above, n_folds, seed):
    if min(above.sum(), (~above).sum()) < 4:
        return
    folds = random_folds(above, n_folds, 2, seed)
    assert_divided(folds, len(above))
    for repeat in (0, 1):
        tests = [fold.test for fold in folds if fold.repeat == repeat]
        assert sorted(np.concatenate(tests)) == list(range(len(above)))
        assert np.ptp([len(test) for test in tests]) <= 1
        assert np.ptp([above[test].sum() for test in tests]) <= 1


def test_one_more_partition_changes_none_of_the_others():
    above = np.arange(50) % 3 == 0
    three = random_folds(above, 5, 3, 7)
    assert same(random_folds(above, 5, 2, 7), three[:10])
    assert not same(three[:5], three[5:10])
    assert not same(three, random_folds(above, 5, 3, 8))
    assert {(fold.repeat, fold.fold) for fold in three} == {
        (r, f) for r in range(3) for f in range(5)
    }


@pytest.mark.parametrize(
    ("n", "sizes"),
    [
        (4706, [942, 941, 941, 941, 941]),
        (4422, [885, 885, 884, 884, 884]),
        (4811, [963, 962, 962, 962, 962]),
        (3958, [792, 792, 792, 791, 791]),
        (40600, [8120] * 5),
    ],
)
def test_published_folds_are_those_of_the_result_files(n, sizes):
    folds = published_folds(n, 5)
    assert [len(fold.test) for fold in folds] == sizes
    assert_divided(folds[:1], n)
    assert np.array_equal(np.concatenate([fold.test for fold in folds]), np.arange(n))


@given(st.integers(0, 50))
def test_a_held_out_element_is_not_trained_on(seed):
    found, above = random_fields(seed)
    flags = multi_hot(found)
    folds = element_folds(found, above, None, seed, 20)
    assert_divided(folds, len(above))
    assert len({fold.held_out for fold in folds}) == len(folds) > 1
    for fold in folds:
        has = flags[:, ELEMENTS.index(fold.held_out)]
        assert has[fold.test].all()
        assert not has[fold.train].any()
        assert len(fold.test) >= 20
        assert 0 < above[fold.test].sum() < len(fold.test)


@given(st.integers(0, 50))
def test_a_held_out_pair_is_not_trained_on(seed):
    found, above = random_fields(seed)
    flags = multi_hot(found)
    folds = core_folds(found, above, 8, 10, seed)
    assert_divided(folds, len(above))
    assert len({fold.held_out for fold in folds}) == len(folds) == 8
    for fold in folds:
        pair = [ELEMENTS.index(symbol) for symbol in fold.held_out.split()]
        assert len(pair) == 2
        has = flags[:, pair].all(axis=1)
        assert has[fold.test].all()
        assert not has[fold.train].any()
        assert len(fold.test) >= 10
        assert 0 < above[fold.test].sum() < len(fold.test)


def test_one_more_element_or_pair_changes_none_of_the_others():
    found, above = random_fields(0)
    assert same(element_folds(found, above, 3, 0, 20), element_folds(found, above, 4, 0, 20)[:3])
    assert same(core_folds(found, above, 3, 10, 0), core_folds(found, above, 4, 10, 0)[:3])
    assert not same(core_folds(found, above, 3, 10, 0), core_folds(found, above, 3, 10, 1))


def test_folds_that_leave_no_class_to_train_on_are_passed_over():
    fields = ["Cu O", "Ba Cu O", "Cu", "Cu O Y", "H", "Fe", "Fe H", "Fe O", "C"]
    above = np.array([True, True, False, True, False, True, False, False, False])
    # without copper, one field above is left; without iron, three
    folds = element_folds(ids(fields), above, None, 0, 3)
    assert {fold.held_out for fold in folds} == {"Fe"}


@given(classes, st.integers(2, 6), st.integers(0, 9))
def test_inner_folds_share_out_either_class(above, n_folds, seed):
    if min(above.sum(), (~above).sum()) < 2:
        return
    inner = inner_folds(above, n_folds, seed)
    assert inner.dtype == np.int8
    assert np.ptp(np.bincount(inner, minlength=n_folds)) <= 1
    assert np.ptp(np.bincount(inner[above], minlength=n_folds)) <= 1
    for fold in range(n_folds):
        assert above[inner != fold].any()
        assert not above[inner != fold].all()


def test_what_cannot_be_divided_is_an_error():
    above = np.array([True, False, False, False])
    with pytest.raises(UserError, match="4 fields cannot be divided into 5 folds"):
        random_folds(above, 5, 1, 0)
    with pytest.raises(UserError, match="4 fields cannot be divided into 1 folds"):
        published_folds(4, 1)
    with pytest.raises(UserError, match="1 of 4 fields are above the threshold"):
        random_folds(above, 2, 1, 0)
    with pytest.raises(UserError, match="1 of 4 fields are above the threshold"):
        inner_folds(above, 2, 0)


def test_elements_and_pairs_that_are_too_rare_are_an_error():
    found = ids(["Cu O", "Ba Cu O", "Fe", "H"])
    above = np.array([True, True, False, False])
    with pytest.raises(UserError, match=r"no element has 2 fields .* O, has 2, 2 of them above it"):
        element_folds(found, above, None, 0, 2)
    with pytest.raises(UserError, match=r"no pair .* 2 fields .* Cu O, has 2, 2 of them above it"):
        core_folds(found, above, 3, 2, 0)
