import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from unlabelled.point_set.kernels import congruent_basis, niggli_basis
from unlabelled.point_set.primitive import TOLERANCE, hermite_normal_forms, primitive_cell
from unlabelled.structures.crystal import Cell


def arrays(structure):
    numbers = np.array(structure.atomic_numbers, np.int16)
    return Cell(structure.lattice.matrix, numbers, structure.frac_coords)


def assert_as_pymatgen(structure):
    expected = arrays(structure.get_primitive_structure(tolerance=TOLERANCE))
    found = primitive_cell(arrays(structure))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@st.composite
def lattices(draw):
    """Lattice of any crystal system: in those of high symmetry many bases are equally good."""
    a, b, c = (draw(st.floats(2, 7)) for _ in range(3))
    angle = draw(st.floats(50, 115))
    return draw(
        st.sampled_from(
            [
                Lattice.cubic(a),
                Lattice.tetragonal(a, c),
                Lattice.orthorhombic(a, b, c),
                Lattice.hexagonal(a, c),
                Lattice.rhombohedral(a, angle),
                Lattice.monoclinic(a, b, c, angle),
                Lattice.from_parameters(a, b, c, angle, 80, 100),
                Lattice(a * (1 - np.eye(3))),  # face-centred
                Lattice(a * (1 - 2 * np.eye(3))),  # body-centred
            ]
        )
    )


@st.composite
def repeated(draw):
    """Supercell of a random cell, its sites displaced by up to a little more than the tolerance."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 4))
    lattice = Lattice(draw(lattices()).matrix * np.sqrt(n))
    structure = Structure(lattice, generator.choice(["O", "Fe"], n), generator.random((n, 3)))
    determinant = draw(st.integers(1, 6))
    forms = hermite_normal_forms(determinant)
    structure = structure.make_supercell(forms[draw(st.integers(0, len(forms) - 1))])
    amplitude = draw(st.sampled_from([0, 1e-9, 1e-3, 0.1, 0.25, 0.4, 0.6]))
    steps = generator.uniform(-amplitude, amplitude, (len(structure), 3))
    order = generator.permutation(len(structure))
    shift = generator.random(3)
    return Structure(
        structure.lattice,
        [structure[i].specie for i in order],
        (structure.frac_coords + shift + steps @ structure.lattice.inv_matrix)[order] % 1,
    )


@settings(max_examples=300, deadline=None)
@given(repeated())
def test_cells_are_those_of_pymatgen(structure):
    assume(structure.volume > 1)
    assert_as_pymatgen(structure)


def test_cells_of_known_crystals_are_those_of_pymatgen(materials):
    for structure in materials.values():
        assert_as_pymatgen(structure)
        assert_as_pymatgen(structure * [2, 1, 1])


def test_a_cell_that_is_primitive_is_returned_as_it_is(materials):
    for name in ("CsCl", "TiO2", "quartz", "SrTiO3", "triclinic", "ZnO"):
        cell = arrays(materials[name])
        assert primitive_cell(cell) is cell


def test_many_formula_units_without_a_smaller_cell():
    generator = np.random.default_rng(0)
    coordinates = generator.random((48, 3))
    cell = Cell(np.eye(3) * 12, np.full(48, 14, np.int16), coordinates)
    assert primitive_cell(cell) is cell


@given(lattices(), st.lists(st.tuples(st.permutations(range(3)), st.integers(-2, 2)), max_size=4))
def test_niggli_cells_are_those_of_pymatgen(lattice, steps):
    basis = lattice.matrix.copy()
    for (one, other, _), times in steps:
        basis[one] += times * basis[other]
    assume(np.abs(basis).max() < 50)
    expected = Lattice(basis).get_niggli_reduced_lattice()
    found, tolerance = niggli_basis(basis)
    np.testing.assert_allclose(Lattice(found).abc, expected.abc, rtol=1.01 * tolerance)
    # it looks for vectors with these angles, and is content with one degree
    np.testing.assert_allclose(Lattice(found).angles, expected.angles, atol=1.001)


def test_no_basis_is_found_among_vectors_that_do_not_fit():
    points = np.eye(3)
    assert not congruent_basis(4 * points, points, points, np.ones(3), 1e-4, np.empty((3, 3)))


@pytest.mark.parametrize(("index", "number"), [(1, 1), (2, 7), (3, 13), (4, 35), (12, 455)])
def test_superlattices_are_complete(index, number):
    # sum over d | n of d σ(d), OEIS A001001
    forms = hermite_normal_forms(index)
    assert len(forms) == number
    np.testing.assert_allclose(np.linalg.det(forms), index)
