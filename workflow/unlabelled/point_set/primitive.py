"""Primitive cells: pymatgen's, without its objects."""

import math
from functools import cache
from itertools import pairwise, product
from typing import Any

import numpy as np
from pymatgen.core.lattice import Lattice
from pymatgen.core.periodic_table import Element

from unlabelled.point_set import kernels
from unlabelled.structures.crystal import Cell

TOLERANCE = 0.5  # Å, pymatgen's default for PrimitiveCellTransformation
_ELEMENTS = 118


def primitive_cell(cell: Cell) -> Cell:
    """Return pymatgen's primitive cell of a crystal (``Structure.get_primitive_structure``).

    The same steps are taken: smaller cells are tried one after another, sites that coincide in one
    are averaged, and the outcome is Niggli-reduced. What decides is compiled
    (:mod:`unlabelled.point_set.kernels`); the numbers that are returned are computed as in
    pymatgen, to the last digit.

    Parameters
    ----------
    cell
        Ordered crystal, any cell.

    Returns
    -------
    Cell
        The cell itself where there is no smaller one.

    Raises
    ------
    ValueError
        Where pymatgen finds no Niggli-reduced lattice.
    """
    smaller = _smaller_cell(cell)
    return cell if smaller is None else _reduced(primitive_cell(smaller))


def _smaller_cell(cell: Cell) -> Cell | None:
    """Return the first smaller cell that describes the crystal, or None.

    Translations that may be periods lead from one site of the rarest element to the others, and map
    every site onto one of its element. A smaller cell holds 1/n of the sites of every element, its
    vectors are close to such translations, and in it every site coincides with n - 1 others.
    """
    ranks = _alphabetical()[cell.atomic_numbers]
    counts = np.bincount(ranks)
    counts = counts[counts > 0]
    formula_units = math.gcd(*counts.tolist())
    if formula_units == 1:
        return None
    order = ranks.argsort(kind="stable")
    numbers, sites = cell.atomic_numbers[order], cell.frac_coords[order]
    start = np.append(0, counts.cumsum())
    lattice = np.array(cell.lattice)  # arrays as read are read-only, another type to compile for
    tolerance = kernels.in_fractions(TOLERANCE, lattice)
    vectors = kernels.translations(sites, start, counts.argmin(), 2 * tolerance)
    # The null vector is always left; those of a smaller cell have a coordinate of 1/n or more.
    if len(vectors) == 1 and tolerance.max() < 1 / formula_units:
        return None
    merged = np.empty(len(sites), np.int64)
    for fold in range(2, formula_units + 1):
        if formula_units % fold:
            continue
        matrices, inverses = _smaller_cells(fold)
        found = kernels.smaller_cell(
            sites, start, vectors, lattice, TOLERANCE, matrices, inverses, merged
        )
        if found >= 0:
            # element by element, as in pymatgen: a product of all sites is rounded differently
            parts = [sites[first:end] @ matrices[found] for first, end in pairwise(start)]
            means = kernels.mean_sites(np.concatenate(parts) % 1, merged)
            kept = np.unique(merged)
            return Cell(inverses[found] @ lattice, numbers[kept], means[kept])
    return None


def _reduced(cell: Cell) -> Cell:
    """Return the crystal in the Niggli-reduced cell of its lattice that pymatgen chooses."""
    lattice, numbers, sites = cell
    basis, tolerance = kernels.niggli_basis(lattice)
    # the order of the points decides between equivalent bases
    radius = max(math.hypot(*vector) for vector in basis.tolist()) * (1 + tolerance)
    origin = [0.0, 0.0, 0.0]
    inside: Any = Lattice(lattice).get_points_in_sphere([origin], origin, radius, False)
    points, lengths = inside[:2]
    vectors = points @ lattice
    if not kernels.congruent_basis(basis, points, vectors, lengths, tolerance, basis):
        raise ValueError("no Niggli-reduced lattice found")
    if (abs(basis - lattice) <= 1e-8 + 1e-5 * abs(lattice)).all():  # equal for pymatgen
        return cell
    inverse = np.linalg.inv(basis)
    # and site by site
    return Cell(basis, numbers, np.array([site.dot(lattice).dot(inverse) for site in sites]) % 1)


@cache
def _alphabetical() -> np.ndarray:
    """Rank of the elements by symbol, in which pymatgen sorts them; the first is that of none."""
    symbols = ["", *(Element.from_Z(number).symbol for number in range(1, _ELEMENTS + 1))]
    return np.argsort(np.argsort(symbols))


@cache
def _smaller_cells(fold: int) -> tuple[np.ndarray, np.ndarray]:
    """Matrices (H, 3, 3) that turn cells, so many times smaller, into the cell; inverses."""
    matrices = hermite_normal_forms(fold)
    return matrices, np.linalg.inv(matrices)


@cache
def hermite_normal_forms(determinant: int) -> np.ndarray:
    """Return one matrix for every superlattice of an index, whose cell is that much smaller.

    Parameters
    ----------
    determinant
        The index.

    Returns
    -------
    numpy.ndarray
        (H, 3, 3) integers: the upper triangular matrices of that determinant with 0 <= b, c < a in
        the row (a, b, c) and 0 <= f < e in the row (0, e, f).
    """
    forms = [
        [[a, b, c], [0, e, f], [0, 0, determinant // (a * e)]]
        for a, e in product(range(1, determinant + 1), repeat=2)
        if determinant % (a * e) == 0
        for b, c, f in product(range(a), range(a), range(e))
    ]
    return np.array(forms)
