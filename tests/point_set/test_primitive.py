import numpy as np
import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from unlabelled.point_set.primitive import (
    TOLERANCE,
    hermite_normal_forms,
    is_surely_primitive,
    primitive_cell,
)
from unlabelled.structures.table import Cell


def arrays(structure):
    numbers = np.array(structure.atomic_numbers, np.int16)
    return Cell(structure.lattice.matrix, numbers, structure.frac_coords)


def assert_as_pymatgen(structure):
    expected = arrays(structure.get_primitive_structure(tolerance=TOLERANCE))
    found = primitive_cell(arrays(structure))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    if len(expected.atomic_numbers) < len(structure):
        assert not is_surely_primitive(arrays(structure))


@st.composite
def repeated(draw):
    """Supercell of a random cell, its sites displaced by up to a little more than the tolerance."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 4))
    lattice = Lattice.from_parameters(
        *generator.uniform(2, 7, 3) * np.sqrt(n), *generator.uniform(65, 115, 3)
    )
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


@settings(max_examples=150, deadline=None)
@given(repeated())
def test_cells_are_those_of_pymatgen(structure):
    assume(structure.volume > 1)
    event("surely primitive" if is_surely_primitive(arrays(structure)) else "left to pymatgen")
    assert_as_pymatgen(structure)


def test_cells_of_known_crystals_are_those_of_pymatgen(materials):
    for structure in materials.values():
        assert_as_pymatgen(structure)
        assert_as_pymatgen(structure * [2, 1, 1])


@pytest.mark.parametrize("name", ["CsCl", "TiO2", "quartz", "SrTiO3", "triclinic", "ZnO"])
def test_pymatgen_is_not_asked_about_primitive_cells(materials, name):
    assert is_surely_primitive(arrays(materials[name]))


def test_many_formula_units_without_a_smaller_cell():
    generator = np.random.default_rng(0)
    coordinates = generator.random((48, 3))
    cell = Cell(np.eye(3) * 12, np.full(48, 14, np.int16), coordinates)
    assert is_surely_primitive(cell)


@pytest.mark.parametrize(("index", "number"), [(1, 1), (2, 7), (3, 13), (4, 35), (12, 455)])
def test_superlattices_are_complete(index, number):
    # sum over d | n of d σ(d), OEIS A001001
    forms = hermite_normal_forms(index)
    assert len(forms) == number
    np.testing.assert_allclose(np.linalg.det(forms), index)
