import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import Lattice

from unlabelled.point_set.supercell import ideal_shear, supercell_matrix

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
