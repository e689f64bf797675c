import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unlabelled.errors import UserError
from unlabelled.label_masking.subsets import digest, subset

IDS = [f"mp-{i}" for i in range(60)]


@settings(max_examples=60, deadline=None)
@given(
    ids=st.lists(st.text(max_size=6), min_size=1, max_size=40, unique=True),
    data=st.data(),
    draw=st.integers(0, 1000),
    seed=st.integers(0, 2**31),
)
def test_subset_has_exactly_n_ids_whatever_their_order(ids, data, draw, seed):
    n = data.draw(st.integers(1, len(ids)))
    shuffled = data.draw(st.permutations(ids))
    chosen = subset(ids, n, draw, seed=seed, task="gap")
    assert len(chosen) == len(set(chosen)) == n
    assert chosen == sorted(chosen)
    assert set(chosen) <= set(ids)
    assert chosen == subset(shuffled, n, draw, seed=seed, task="gap")


def test_draws_do_not_change_between_versions():
    assert subset(IDS, 4, 0, seed=7, task="gap") == ["mp-12", "mp-37", "mp-40", "mp-52"]


def test_other_draws_numbers_seeds_and_tasks_do_not_interfere():
    def draws(count, numbers):
        return {
            (n, draw): subset(IDS, n, draw, seed=1, task="gap")
            for n in numbers
            for draw in range(count)
        }

    few, many = draws(3, [10]), draws(9, [5, 10, 20])
    assert all(many[key] == few[key] for key in few)
    assert len({tuple(ids) for ids in many.values()}) == len(many)
    reference = subset(IDS, 10, 0, seed=1, task="gap")
    assert reference != subset(IDS, 10, 0, seed=2, task="gap")
    assert reference != subset(IDS, 10, 0, seed=1, task="formation_energy")


def test_every_id_is_drawn_equally_often():
    counts = dict.fromkeys(IDS[:10], 0)
    for draw in range(1000):
        for material_id in subset(IDS[:10], 3, draw, seed=0, task="gap"):
            counts[material_id] += 1
    assert all(abs(count - 300) < 75 for count in counts.values())  # 5 standard deviations


def test_too_few_labels_names_both_numbers():
    with pytest.raises(UserError, match=r"asks for 61 labels.*only 60 training.*remove"):
        subset(IDS, 61, 0, seed=0, task="gap")


def test_ids_twice_and_no_labels_are_refused():
    with pytest.raises(ValueError, match="not unique"):
        subset(["a", "a"], 1, 0, seed=0, task="gap")
    with pytest.raises(ValueError, match="positive"):
        subset(["a"], 0, 0, seed=0, task="gap")


def test_digest_depends_on_the_set_only():
    assert digest(["b", "a"]) == digest(["a", "b"])
    assert digest(["ab"]) != digest(["a", "b"])
