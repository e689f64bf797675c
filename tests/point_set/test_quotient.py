from collections import Counter
from dataclasses import fields

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from unlabelled.point_set.batch import collate as collate_dense
from unlabelled.point_set.point_set import PointSet, point_set
from unlabelled.point_set.quotient import every_site, quotient
from unlabelled.point_set.ragged import collate
from unlabelled.point_set.supercell import Supercell
from unlabelled.site_net import literal as site_net
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
        seen = np.bincount(q.pair_i, q.pair_multiplicity * q.levels[q.pair_level])
        totals = p.distances.sum(axis=1)
        assert all(np.isclose(totals, total, rtol=1e-5).any() for total in seen)


def literal(p):
    """Colour refinement by the book: first site and size of every class, and its pairs."""
    site = [atom * p.n_sites // p.n_supercell for atom in range(p.n_supercell)]
    colours = p.atomic_numbers.tolist()
    for _ in range(p.n_sites):
        seen = [
            Counter((colours[j], level) for j, level in zip(site, row, strict=True))
            for row in p.level.tolist()
        ]
        rows = [(colour, frozenset(row.items())) for colour, row in zip(colours, seen, strict=True)]
        names = {row: name for name, row in enumerate(dict.fromkeys(rows))}
        colours = [names[row] for row in rows]
    first = [colours.index(name) for name in range(len(names))]
    pairs = [
        (i, *pair, count)
        for i, row in enumerate(first)
        for pair, count in sorted(
            Counter(
                (colours[j], level) for j, level in zip(site, p.level[row].tolist(), strict=True)
            ).items()
        )
    ]
    return first, [colours.count(name) for name in range(len(names))], pairs


def assert_by_the_book(p):
    q = quotient(p)
    first, sizes, pairs = literal(p)
    assert q.multiplicity.tolist() == sizes
    assert q.atomic_numbers.tolist() == p.atomic_numbers[first].tolist()
    found = (q.pair_i, q.pair_j, q.pair_level, q.pair_multiplicity)
    assert np.stack(found, axis=1).tolist() == [list(pair) for pair in pairs]


@pytest.mark.parametrize("name", ["NaCl", "SrTiO3", "TiO2", "quartz", "ZnO", "triclinic"])
def test_a_symmetric_supercell_leaves_one_class_per_orbit(materials, name):
    structure = materials[name].get_primitive_structure()
    orbits = SpacegroupAnalyzer(structure).get_symmetrized_structure().equivalent_indices
    q = quotient(point_set(structure, 50, 50, Supercell.SYMMETRIC))
    assert sorted(q.multiplicity.tolist()) == sorted(map(len, orbits))


def test_classes_and_pairs_are_those_of_colour_refinement(point_sets):
    for p in point_sets.values():
        assert_by_the_book(p)


@given(st.integers(1, 6), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_classes_and_pairs_of_any_levels_are_those_of_colour_refinement(
    n_sites, images, n_levels, seed
):
    generator = np.random.default_rng(seed)
    level = generator.integers(0, n_levels, (n_sites, n_sites * images)).astype(np.uint16)
    numbers = generator.integers(8, 10, n_sites).astype(np.int16)
    assert_by_the_book(PointSet(numbers, np.arange(n_levels, dtype=np.float32), level))


def test_integers_are_as_small_as_on_disk(point_sets):
    for merged in (quotient, every_site):
        q = merged(point_sets["TiO2"])
        dtypes = {f.name: getattr(q, f.name).dtype for f in fields(q)}
        assert dtypes.pop("levels") == np.float32
        assert dtypes.pop("pair_level") == np.uint16
        assert set(dtypes.values()) == {np.dtype(np.int16)}


def test_without_merging_every_site_sees_every_atom(point_sets):
    for p in point_sets.values():
        q, images = every_site(p), p.n_supercell // p.n_sites
        assert (q.atomic_numbers == p.atomic_numbers).all()
        assert (q.multiplicity == 1).all()
        assert (q.pair_multiplicity == 1).all()
        assert (q.pair_i == np.repeat(range(p.n_sites), p.n_supercell)).all()
        assert (q.pair_j.reshape(p.level.shape) == np.arange(p.n_supercell) // images).all()
        assert (q.levels[q.pair_level].reshape(p.level.shape) == p.distances).all()


def test_sites_of_one_element_in_different_surroundings_stay_apart():
    def classes(numbers, distances):
        return quotient(PointSet.of_distances(np.array(numbers, np.int16), distances.astype(float)))

    apart = classes([8, 8, 8], np.array([[0, 2, 3], [2, 0, 4], [3, 4, 0]]))
    assert apart.n_classes == 3
    # told apart only through their neighbours' neighbours
    square = np.abs(np.subtract.outer(range(4), range(4)))
    square[[0, 3], [3, 0]] = 1
    assert classes([8, 8, 8, 8], square).n_classes == 1
    assert classes([7, 8, 8, 8], square).multiplicity.tolist() == [1, 2, 1]


@pytest.mark.parametrize("name", ["relu", "mish"])
def test_the_encoder_cannot_tell_a_quotient_from_its_point_set(point_sets, name):
    torch.manual_seed(0)
    encoder = SiteNet(EncoderOptions(name)).double()
    dense = collate_dense(list(point_sets.values())).double()
    local = site_net.represent(encoder.local, dense)
    outcomes = [(site_net.embed(encoder, dense), site_net.mean_of_sites(local, dense))]
    for form in (quotient, every_site):
        ragged = collate([form(p) for p in point_sets.values()]).double()
        local = encoder.local.represent(ragged)
        outcomes.append((encoder.pooled.represent(local, ragged), crystal_mean(local, ragged)))
    expected, *others = (
        [*outcome, *torch.autograd.grad(loss, list(encoder.parameters()))]
        for outcome in outcomes
        for loss in [outcome[0].sum() + outcome[1].square().sum()]
    )
    for other in others:
        torch.testing.assert_close(other, expected, rtol=1e-10, atol=1e-10)
