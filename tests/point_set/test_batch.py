import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from unlabelled.point_set.batch import collate, pack
from unlabelled.point_set.point_set import point_set


def test_a_batch_holds_every_crystal(materials):
    crystals = [point_set(s, 50, 50) for s in materials.values()]
    batch = collate(crystals)
    assert batch.n_crystals == len(crystals)
    assert batch.distances.shape == (
        sum(p.n_sites for p in crystals),
        max(p.n_supercell for p in crystals),
    )
    first = 0
    for index, p in enumerate(crystals):
        rows = slice(first, first + p.n_sites)
        assert (batch.crystal[rows] == index).all()
        assert (batch.atomic_numbers[rows].numpy() == p.atomic_numbers).all()
        np.testing.assert_array_equal(batch.distances[rows, : p.n_supercell], p.distances)
        assert not batch.padding[rows, : p.n_supercell].any()
        assert batch.padding[rows, p.n_supercell :].all()
        assert (batch.distances[rows, p.n_supercell :] == 0).all()
        # Everywhere, padding included, neighbours are sites of the same crystal.
        assert (batch.crystal[batch.neighbours[rows]] == index).all()
        images = p.n_supercell // p.n_sites
        expected = first + torch.arange(p.n_sites).repeat_interleave(images)
        assert (batch.neighbours[rows, : p.n_supercell] == expected).all()
        first += p.n_sites
    assert torch.isnan(batch.labels).all()


@given(st.lists(st.integers(1, 50), min_size=1, max_size=60), st.integers(50, 300))
def test_batches_are_filled_in_order_up_to_the_budget(sizes, budget):
    batches = pack(sizes, range(len(sizes)), budget)
    assert [i for batch in batches for i in batch] == list(range(len(sizes)))
    for batch, following in zip(batches, [*batches[1:], None], strict=True):
        total = sum(sizes[i] for i in batch)
        assert total <= budget
        if following:
            assert total + sizes[following[0]] > budget


def test_a_crystal_above_the_budget_gets_its_own_batch():
    assert pack([5, 80, 5, 5], range(4), 50) == [[0], [1], [2, 3]]
