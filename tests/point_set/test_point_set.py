import itertools
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from unlabelled.point_set.point_set import (
    TOLERANCE,
    NotRepresentableError,
    distance_levels,
    point_set,
)
from unlabelled.point_set.supercell import supercell_matrix
from unlabelled.structures.schema import Reason


def rows(points):
    """Each site's element and its sorted neighbours: what the network can see of it."""
    images = points.n_supercell // points.n_sites
    species = np.repeat(points.atomic_numbers, images)
    return sorted(
        (int(z), *sorted(zip(species.tolist(), np.round(d, 3).tolist(), strict=True)))
        for z, d in zip(points.atomic_numbers, points.distances, strict=True)
    )


def assert_same(first, second):
    for a, b in zip(rows(first), rows(second), strict=True):
        assert a[0] == b[0]
        np.testing.assert_allclose(np.array(a[1:]), np.array(b[1:]), atol=2e-3)


def test_rock_salt(materials):
    points = point_set(materials["NaCl"], 50, 50)
    assert sorted(points.atomic_numbers) == [11, 17]
    assert points.n_sites == 2
    assert 26 <= points.n_supercell <= 50
    nearest = np.sort(points.distances, axis=1)
    np.testing.assert_array_equal(nearest[:, 0], 0)  # the site itself, and nothing else
    np.testing.assert_allclose(nearest[:, 1], 5.64 / 2, atol=1e-4)


@pytest.mark.parametrize("name", ["TiO2", "quartz", "triclinic", "Fe"])
def test_distances_are_minimum_images_of_the_supercell(materials, name):
    points = point_set(materials[name], 50, 50)
    primitive = materials[name].get_primitive_structure(tolerance=0.5)
    matrix = supercell_matrix(primitive.lattice.matrix, len(primitive), 50)
    axes = matrix @ primitive.lattice.matrix
    shifts = np.array(list(itertools.product(range(-3, 4), repeat=3)))
    translations = np.array(list(itertools.product(range(-9, 10), repeat=3)))
    translations = translations @ primitive.lattice.matrix
    fractional = translations @ np.linalg.inv(axes)
    inside = np.all((fractional > -1e-6) & (fractional < 1 - 1e-6), axis=1)
    assert inside.sum() * len(primitive) == points.n_supercell
    cartesian = primitive.cart_coords
    for i, j in itertools.product(range(len(primitive)), repeat=2):
        atoms = cartesian[j] + translations[inside]
        difference = (atoms - cartesian[i])[:, None] + shifts @ axes
        expected = np.sort(np.linalg.norm(difference, axis=-1).min(axis=1))
        images = points.n_supercell // points.n_sites
        found = np.sort(points.distances[i, j * images : (j + 1) * images])
        np.testing.assert_allclose(found, expected, atol=TOLERANCE)


@pytest.mark.parametrize("name", ["NaCl", "quartz", "triclinic", "ZnO"])
def test_the_origin_the_orientation_and_the_order_of_sites_do_not_matter(materials, name):
    structure = materials[name]
    moved = structure.copy()
    moved.translate_sites(range(len(moved)), [0.13, 0.27, 0.41])
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    turned = Structure(
        Lattice(structure.lattice.matrix @ rotation.T), structure.species, structure.frac_coords
    )
    shuffled = Structure.from_sites([structure[i] for i in reversed(range(len(structure)))])
    original = point_set(structure, 50, 50)
    for other in (moved, turned, shuffled):
        assert_same(original, point_set(other, 50, 50))


def test_the_conventional_cell_gives_the_primitive_cell_s_point_set(materials):
    conventional = materials["NaCl"]
    assert len(conventional) == 8
    assert_same(
        point_set(conventional, 50, 50), point_set(conventional.get_primitive_structure(), 50, 50)
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_crystals_hold_26_to_50_atoms_and_see_themselves(seed):
    generator = np.random.default_rng(seed)
    n = int(generator.integers(1, 12))
    lattice = Lattice.from_parameters(*generator.uniform(5, 9, 3), *generator.uniform(70, 110, 3))
    structure = Structure(lattice, generator.choice(["O", "Fe", "Na"], n), generator.random((n, 3)))
    points = point_set(structure, 50, 50)
    assert 26 <= points.n_supercell <= 50
    assert points.distances.dtype == np.float32
    assert (np.sort(points.distances, axis=1)[:, 0] == 0).all()
    assert np.isfinite(points.distances).all()


@pytest.mark.parametrize(
    ("species", "reason", "message"),
    [
        ("Ne", Reason.MISSING_FEATURE, "Ne has no Electronegativity, AtomicRadius"),
        ("Fm", Reason.UNSUPPORTED_ELEMENT, "Fm (Z = 100)"),
    ],
)
def test_elements_without_inputs_are_refused(species, reason, message):
    with pytest.raises(NotRepresentableError, match=re.escape(message)) as caught:
        point_set(Structure(Lattice.cubic(4), [species], [[0, 0, 0]]), 50, 50)
    assert caught.value.reason is reason


def test_the_limit_counts_primitive_sites(materials):
    supercell = materials["quartz"] * [2, 2, 2]
    assert point_set(supercell, 9, 50).n_sites == 9
    with pytest.raises(NotRepresentableError, match="9 sites, 8 allowed") as caught:
        point_set(supercell, 8, 50)
    assert caught.value.reason is Reason.TOO_MANY_SITES


@given(st.lists(st.integers(0, 4000), min_size=1, max_size=200), st.integers(0, 2**32 - 1))
def test_levels_merge_what_rounding_tells_apart_and_nothing_further_apart(steps, seed):
    # steps of 0.1 mÅ: many distances stand closer than a level is wide
    steps = np.array(steps)
    exact = steps * 1e-4
    noise = np.random.default_rng(seed).uniform(-5e-7, 5e-7, len(exact))
    levels, level = distance_levels(exact + noise)
    assert level.dtype == np.uint16
    assert levels.dtype == np.float32
    assert (np.diff(levels) > 0).all()
    for number in range(len(levels)):
        members = level == number
        assert np.ptp(steps[members]) <= 10  # in steps, since 0.0153 - 0.0143 > 0.001 in floats
        np.testing.assert_allclose(levels[number], exact[members].mean(), atol=1e-6)
    for step in set(steps):
        assert len(set(level[steps == step])) == 1
    # distances far from others are one level each
    assert len(levels) == len(set(steps)) or np.diff(np.unique(steps)).min() <= 10


def literal_levels(distances):
    """Levels by the book: the widest gap splits a level that is too wide, part by part."""

    def split(part):
        gaps = np.diff(part)
        if not len(gaps) or (gaps.max() <= TOLERANCE and part[-1] - part[0] <= TOLERANCE):
            return [part]
        cut = gaps.argmax() + 1
        return [*split(part[:cut]), *split(part[cut:])]

    parts = split(np.sort(distances))
    ends = [part[-1] for part in parts]
    return [part.mean() if part[0] else 0 for part in parts], np.searchsorted(ends, distances)


@given(st.lists(st.floats(0, 0.02), min_size=1, max_size=100))
def test_levels_are_those_of_the_definition(distances):
    distances = np.array(distances)
    levels, level = distance_levels(distances)
    expected, numbers = literal_levels(distances)
    np.testing.assert_array_equal(level, numbers)
    np.testing.assert_allclose(levels, expected, rtol=1e-6, atol=1e-12)


def test_the_level_of_the_site_itself_is_exactly_zero():
    levels, level = distance_levels(np.array([[0, 2.5, 5e-4], [2.5 + 1e-7, 0, 3]]))
    np.testing.assert_allclose(levels, [0, 2.5, 3])
    assert levels[0] == 0
    assert level.tolist() == [[0, 1, 0], [1, 0, 2]]


def test_more_levels_than_their_integers_can_name_are_an_error():
    with pytest.raises(OverflowError, match="70000 distances told apart"):
        distance_levels(np.arange(70000) * 0.01)
