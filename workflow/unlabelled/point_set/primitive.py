"""Primitive cells: those that pymatgen finds, without asking it where there is none to be found."""

import math
from collections import Counter
from functools import cache
from itertools import product

import numpy as np
from pymatgen.core.periodic_table import Element

from unlabelled.structures.parse import to_structure
from unlabelled.structures.table import Cell

TOLERANCE = 0.5  # Å, pymatgen's default for PrimitiveCellTransformation

# The screen compares with wider tolerances than pymatgen, so that rounding errs on the safe side.
_MARGIN = 1 + 1e-6
# So many sites of an element are tried; a few refute a translation, and the work stays bounded.
_SITES_TRIED = 32


def primitive_cell(cell: Cell) -> Cell:
    """Return pymatgen's primitive cell of a crystal (``Structure.get_primitive_structure``).

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
    ValueError, ArithmeticError, IndexError
        Where pymatgen fails.
    """
    if is_surely_primitive(cell):
        return cell
    primitive = to_structure(*cell).get_primitive_structure(tolerance=TOLERANCE)
    numbers = np.array(primitive.atomic_numbers, np.int16)
    return Cell(primitive.lattice.matrix, numbers, primitive.frac_coords)


def is_surely_primitive(cell: Cell) -> bool:
    """Whether pymatgen's search for a smaller cell cannot succeed.

    The steps of that search are repeated here, with wider tolerances. Translations that may be
    periods lead from one site of the rarest element to the others, and map every site onto one of
    its element. A smaller cell holds 1/n of the sites of every element, its vectors are close to
    such translations, and in it every site coincides with n - 1 others.

    Parameters
    ----------
    cell
        Ordered crystal, any cell.

    Returns
    -------
    bool
        False if pymatgen has to decide.
    """
    counts = Counter(cell.atomic_numbers.tolist())
    formula_units = math.gcd(*counts.values())
    if formula_units == 1:
        return True
    # as pymatgen orders them: the first of the smallest groups is the one that matters
    by_size = sorted(counts, key=lambda number: (counts[number], _symbol(number)))
    groups = [cell.frac_coords[cell.atomic_numbers == number] for number in by_size]
    tolerance = _tolerance(cell.lattice)
    translations = groups[0] - groups[0][0]
    for sites in groups:
        moves = sites - sites[:_SITES_TRIED, None]
        mapped = np.any(_close(translations[:, None, None], moves, 2 * tolerance), axis=2)
        translations = translations[np.all(mapped, axis=1)]
        # The null vector is always left; those of a smaller cell have a coordinate of 1/n or more.
        if len(translations) == 1 and tolerance.max() < 1 / formula_units:
            return True
    matrices, rows, vectors = _smaller_cells(formula_units)
    found = np.asarray(_close(vectors[:, None], translations, tolerance).any(axis=1))
    candidates = matrices[found[rows].all(axis=1)]
    return not any(_may_hold(groups, matrix, cell.lattice) for matrix in candidates)


def _may_hold(groups: list[np.ndarray], matrix: np.ndarray, lattice: np.ndarray) -> bool:
    """Whether as many sites as it takes coincide in the cell that `matrix` makes the lattice."""
    fold = round(np.linalg.det(matrix))
    tolerance = _tolerance(np.linalg.solve(matrix, lattice))
    for sites in groups:
        inside = sites @ matrix
        if (_close(inside[:, None], inside, tolerance).sum(axis=1) < fold).any():
            return False
    return True


def _tolerance(lattice: np.ndarray) -> np.ndarray:
    """Tolerance in fractional coordinates, one per lattice vector."""
    tolerance: np.ndarray = _MARGIN * TOLERANCE / np.sqrt(np.einsum("ik,ik->i", lattice, lattice))
    return tolerance


def _close(first: np.ndarray, second: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """Whether fractional coordinates agree, up to whole numbers, within a tolerance per axis."""
    difference = first - second
    difference -= np.rint(difference)
    close: np.ndarray = (np.abs(difference) < tolerance).all(axis=-1)
    return close


@cache
def _symbol(atomic_number: int) -> str:
    return Element.from_Z(atomic_number).symbol


@cache
def _smaller_cells(formula_units: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cells that pymatgen tries, which hold a whole fraction of the formula units.

    Returns
    -------
    matrices : numpy.ndarray
        (H, 3, 3) integers, which turn the smaller cells into the cell.
    rows : numpy.ndarray
        (H, 3): number of the vectors of every smaller cell, in
    vectors : numpy.ndarray
        (V, 3) float64, in units of the vectors of the cell.
    """
    matrices = np.concatenate(
        [hermite_normal_forms(n) for n in range(2, formula_units + 1) if formula_units % n == 0]
    )
    inverse_rows = np.round(np.linalg.inv(matrices).reshape(-1, 3) % 1, 12)
    vectors, rows = np.unique(inverse_rows, axis=0, return_inverse=True)
    return matrices, rows.reshape(-1, 3), vectors


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
