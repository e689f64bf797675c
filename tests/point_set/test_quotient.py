import numpy as np
import pytest
import torch

from unlabelled.point_set.batch import collate as collate_dense
from unlabelled.point_set.point_set import PointSet, point_set
from unlabelled.point_set.quotient import quotient
from unlabelled.point_set.ragged import collate
from unlabelled.site_net.encoder import EncoderOptions, SiteNet, crystal_mean


@pytest.fixture
def point_sets(materials):
    return {name: point_set(s, 50, 50) for name, s in materials.items()}


def test_sites_that_symmetry_relates_are_one_class(point_sets):
    classes = {name: quotient(p) for name, p in point_sets.items()}
    assert classes["NaCl"].multiplicity.tolist() == [1, 1]
    assert classes["diamond"].multiplicity.tolist() == [2]
    assert sorted(classes["TiO2"].multiplicity.tolist()) == [2, 4]
    assert classes["quartz"].n_classes < 9  # its supercell keeps some of the symmetry
    assert classes["triclinic"].n_classes == 5


def test_nothing_is_lost(point_sets):
    for p in point_sets.values():
        q = quotient(p)
        assert q.multiplicity.sum() == p.n_sites
        assert (np.bincount(q.pair_i, q.pair_multiplicity) == p.n_supercell).all()
        assert (np.diff(q.pair_i) >= 0).all()
        counts = np.bincount(q.atomic_numbers, q.multiplicity, minlength=100)
        assert (counts == np.bincount(p.atomic_numbers, minlength=100)).all()
        seen = np.bincount(q.pair_i, q.pair_multiplicity * q.distances)[:, None]
        totals = p.distances.sum(axis=1)
        assert all(np.isclose(totals, total, rtol=1e-3).any() for total in seen.ravel())


def test_sites_of_one_element_in_different_surroundings_stay_apart():
    distances = np.array([[0, 2, 3], [2, 0, 4], [3, 4, 0]], np.float32)
    apart = quotient(PointSet(np.array([8, 8, 8], np.int16), distances))
    assert apart.n_classes == 3
    # told apart only through their neighbours' neighbours
    chain = np.abs(np.subtract.outer(range(4), range(4))).astype(np.float32)
    chain[[0, 3], [3, 0]] = 1
    square = PointSet(np.array([8, 8, 8, 8], np.int16), chain)
    assert quotient(square).n_classes == 1
    one_other = PointSet(np.array([7, 8, 8, 8], np.int16), chain)
    assert sorted(quotient(one_other).multiplicity.tolist()) == [1, 1, 2]


@pytest.mark.parametrize("name", ["relu", "mish"])
def test_the_encoder_cannot_tell_a_quotient_from_its_point_set(point_sets, name):
    torch.manual_seed(0)
    encoder = SiteNet(EncoderOptions(name)).double()
    dense = collate_dense(list(point_sets.values())).double()
    ragged = collate([quotient(p) for p in point_sets.values()]).double()
    gradients = []
    for batch in (dense, ragged):
        encoder.zero_grad()
        local = encoder.local.represent(batch)
        embedding = encoder.pooled.represent(local, batch)
        (embedding.sum() + crystal_mean(local, batch).square().sum()).backward()
        gradients.append([embedding.detach(), *(p.grad for p in encoder.parameters())])
    for one, other in zip(*gradients, strict=True):
        # distances are float32, and atoms at distances that differ by rounding are merged
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
