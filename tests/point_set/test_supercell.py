import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from unlabelled.point_set.primitive import hermite_normal_forms
from unlabelled.point_set.supercell import (
    ideal_shear,
    minimum_image_distances,
    reduced_basis,
    supercell_matrix,
    symmetric_matrix,
)
from unlabelled.structures.crystal import Cell


def cell_of(structure):
    numbers = np.array(structure.atomic_numbers, np.int16)
    return Cell(structure.lattice.matrix, numbers, structure.frac_coords)


edges = st.floats(2, 20)
angles = st.floats(50, 130)


@st.composite
def lattices(draw):
    alpha, beta, gamma = draw(angles), draw(angles), draw(angles)
    cosines = np.cos(np.radians([alpha, beta, gamma]))
    volume2 = 1 + 2 * cosines.prod() - (cosines**2).sum()
    if volume2 < 0.05:  # no such cell, or a flat one
        alpha = beta = gamma = 90.0
    lengths = [draw(edges), draw(edges), draw(edges)]
    return Lattice.from_parameters(*lengths, alpha, beta, gamma).matrix


@given(lattices())
def test_the_shear_is_unit_upper_triangular_and_makes_the_axes_orthogonal(lattice):
    shear = ideal_shear(lattice)
    np.testing.assert_allclose(shear, np.triu(shear), atol=1e-10)
    np.testing.assert_allclose(np.diag(shear), 1)
    axes = shear @ lattice
    gram = axes @ axes.T
    scale = np.sqrt(np.outer(np.diag(gram), np.diag(gram)))
    np.testing.assert_allclose((gram - np.diag(np.diag(gram))) / scale, 0, atol=1e-9)


@given(lattices())
def test_the_shear_is_that_of_the_published_code(lattice):
    inverse = np.linalg.inv(scipy.linalg.rq(lattice)[0])
    np.testing.assert_array_equal(ideal_shear(lattice), inverse / np.diag(inverse)[:, None])


@given(lattices(), st.integers(1, 50))
def test_supercells_hold_26_to_50_atoms(lattice, n_primitive):
    matrix = supercell_matrix(lattice, n_primitive, 50)
    images = round(np.linalg.det(matrix))
    assert images == round(np.prod(np.diag(matrix)))
    assert 26 <= images * n_primitive <= 50


@given(lattices(), st.integers(51, 300))
def test_a_large_cell_is_not_repeated(lattice, n_primitive):
    assert round(np.linalg.det(supercell_matrix(lattice, n_primitive, 50))) == 1


def test_the_shortest_axis_is_repeated_first():
    matrix = supercell_matrix(np.diag([2.0, 4.0, 8.0]), 10, 50)
    # 2 -> 4 (20 atoms; tie with 4: first axis) -> 6 (30), then 4 -> 8 would make 60
    np.testing.assert_array_equal(matrix, np.diag([3, 1, 1]))


@st.composite
def skewed(draw):
    """Lattice with edges of very different lengths, in a basis far from its shortest one."""
    lattice = np.diag(draw(st.tuples(*[st.sampled_from([1.0, 3.7, 40.0, 300.0])] * 3)))
    lattice += draw(st.tuples(*[st.tuples(*[st.floats(-0.3, 0.3)] * 3)] * 3))
    for row, other in ((0, 1), (1, 2), (2, 0), (0, 2)):
        lattice[row] += draw(st.integers(-6, 6)) * lattice[other]
    return lattice


def by_brute_force(vectors, axes):
    """Lengths of the shortest images, from all lattice vectors that can matter."""
    inverse = np.linalg.inv(axes)
    fractional = vectors @ inverse
    reduced = (fractional - np.rint(fractional)) @ axes
    # no image within the sphere of the length at hand has larger coordinates than these
    bounds = np.linalg.norm(reduced, axis=1).max() * np.linalg.norm(inverse, axis=0) + 0.5
    ranges = [np.arange(-n, n + 1) for n in np.floor(bounds).astype(int)]
    shortest = np.full(len(vectors), np.inf)
    for first in ranges[0]:
        grid = np.stack(np.meshgrid([first], *ranges[1:], indexing="ij"), axis=-1).reshape(-1, 3)
        images = reduced[:, None] + grid @ axes
        shortest = np.minimum(shortest, np.linalg.norm(images, axis=-1).min(axis=1))
    return shortest


@settings(max_examples=60, deadline=None)
@given(skewed(), st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_distances_are_those_of_the_nearest_images(lattice, seed, n_sites):
    coordinates = np.random.default_rng(seed).random((n_sites, 3))
    axes = reduced_basis(lattice)
    np.testing.assert_allclose(abs(np.linalg.det(axes)), abs(np.linalg.det(lattice)), rtol=1e-6)
    found = minimum_image_distances(lattice, coordinates, np.eye(3, dtype=int))
    steps = (coordinates[None] - coordinates[:, None]).reshape(-1, 3) @ lattice
    expected = by_brute_force(steps, axes).reshape(n_sites, n_sites)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-7)
    assert (np.diagonal(found) == 0).all()


@settings(max_examples=60, deadline=None)
@given(lattices(), st.integers(0, 2**32 - 1), st.integers(1, 10))
def test_distances_are_those_of_pymatgen(lattice, seed, n_sites):
    coordinates = np.random.default_rng(seed).random((n_sites, 3))
    matrix = supercell_matrix(lattice, n_sites, 50)
    found = minimum_image_distances(lattice, coordinates, matrix)
    supercell = Structure(lattice, ["Fe"] * n_sites, coordinates).make_supercell(matrix)
    images = len(supercell) // n_sites
    expected = supercell.distance_matrix[::images]
    # the images of a site stand together, in an order of our own
    shape = (n_sites, n_sites, images)
    np.testing.assert_allclose(
        np.sort(found.reshape(shape)), np.sort(expected.reshape(shape)), atol=1e-5
    )


@settings(max_examples=30, deadline=None)
@given(lattices(), st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_a_column_is_one_atom_for_every_site(lattice, seed, n_sites):
    coordinates = np.random.default_rng(seed).random((n_sites, 3))
    matrix = supercell_matrix(lattice, n_sites, 50)
    found = minimum_image_distances(lattice, coordinates, matrix)
    images = found.shape[1] // n_sites
    # the first image of every site is the site: symmetric between sites
    own = found[:, ::images]
    np.testing.assert_allclose(own, own.T, atol=1e-9)
    # and atoms are apart from each site as the triangle inequality wants
    assert (np.abs(found[0] - found[1]) <= own[0, 1] + 1e-9).all()


@given(skewed())
def test_no_vector_of_a_reduced_basis_can_be_shortened(lattice):
    basis = reduced_basis(lattice)
    lengths = np.linalg.norm(basis, axis=1)
    assert (np.diff(lengths) >= 0).all()
    for sums in np.ndindex(3, 3, 3):
        signs = np.array(sums) - 1
        for k in np.flatnonzero(signs):
            assert np.linalg.norm(signs @ basis) >= lengths[k] * (1 - 1e-6)


def by_enumeration(structure, max_atoms):
    """Index and shortest vector of the best sublattice among all that symmetry keeps."""
    lattice = structure.lattice.matrix
    operations = SpacegroupAnalyzer(structure).get_symmetry_operations(cartesian=True)
    best = (0.0, 0)
    for index in range(1, max_atoms // len(structure) + 1):
        for form in hermite_normal_forms(index):
            axes = form.T @ lattice
            turned = [axes @ op.rotation_matrix.T @ np.linalg.inv(axes) for op in operations]
            if all(np.allclose(t, np.rint(t), atol=1e-3) for t in turned):
                shortest = np.linalg.norm(reduced_basis(axes)[0])
                best = max(best, (round(float(shortest), 4), index))
    return best


@pytest.mark.parametrize("name", ["NaCl", "diamond", "TiO2", "quartz", "triclinic"])
def test_the_symmetric_supercell_is_the_most_compact_that_symmetry_keeps(materials, name):
    structure = materials[name].get_primitive_structure()
    max_atoms = min(50, 12 * len(structure))
    matrix = symmetric_matrix(cell_of(structure), max_atoms)
    shortest, index = by_enumeration(structure, max_atoms)
    axes = matrix @ structure.lattice.matrix
    assert round(np.linalg.det(matrix)) == index
    np.testing.assert_allclose(np.linalg.norm(reduced_basis(axes)[0]), shortest, atol=1e-4)
    np.testing.assert_array_equal(matrix, np.triu(matrix))
    supercell = structure.make_supercell(matrix, in_place=False)
    # every rotation of the crystal is one of the supercell, whose translations are more
    crystal, larger = (
        SpacegroupAnalyzer(s).get_point_group_symbol() for s in (structure, supercell)
    )
    assert crystal == larger


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("NaCl", 16),  # body-centred, twice the conventional cell's edges
        ("CsCl", 16),  # face-centred; a cubic one holds 8 images or 27
    ],
)
def test_symmetric_supercells_of_cubic_crystals_are_cubic(materials, name, index):
    primitive = materials[name].get_primitive_structure()
    matrix = symmetric_matrix(cell_of(primitive), 50)
    assert round(np.linalg.det(matrix)) == index


def test_a_cell_too_large_to_repeat_is_kept():
    cell = Cell(np.eye(3) * 20, np.full(51, 8, np.int16), np.random.default_rng(0).random((51, 3)))
    np.testing.assert_array_equal(symmetric_matrix(cell, 50), np.eye(3))
