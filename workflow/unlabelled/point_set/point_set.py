"""One crystal as the network sees it: primitive sites looking at the atoms of a supercell."""

from dataclasses import dataclass

import numpy as np
from pymatgen.core.periodic_table import Element
from pymatgen.core.structure import Structure

from unlabelled.point_set.features import MAX_ATOMIC_NUMBER, elements_without_features
from unlabelled.point_set.kernels import merge
from unlabelled.point_set.primitive import primitive_cell
from unlabelled.point_set.supercell import (
    Supercell,
    minimum_image_distances,
    supercell_matrix,
    symmetric_matrix,
)
from unlabelled.structures.crystal import Cell
from unlabelled.structures.schema import Reason

TOLERANCE = 1e-3  # Å; distances are told apart down to this
MAX_LEVELS = 2**16


class NotRepresentableError(ValueError):
    """A crystal that cannot become a point set, and the reason of the closed vocabulary."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PointSet:
    """Primitive sites and their distances to the atoms of the supercell.

    Attributes
    ----------
    atomic_numbers : numpy.ndarray
        (P,) int16, one per primitive site.
    levels : numpy.ndarray
        (L,) float32, Å, ascending: the distances that occur. Those within :data:`TOLERANCE` are one
        level, at their mean. The first is 0.
    level : numpy.ndarray
        (P, S) uint16: number of the level of the minimum-image distance, under the supercell's
        periodicity, of primitive site i to supercell atom j. Atom j is an image of primitive site
        ``j // (S / P)``. The atom itself is included, at level 0.
    """

    atomic_numbers: np.ndarray
    levels: np.ndarray
    level: np.ndarray

    @classmethod
    def of_distances(cls, atomic_numbers: np.ndarray, distances: np.ndarray) -> "PointSet":
        """Merge equal distances (P, S), Å, into levels."""
        levels, level = distance_levels(distances)
        return cls(atomic_numbers, levels, level)

    @property
    def distances(self) -> np.ndarray:
        """Distance of every site to every atom, (P, S) float32, Å."""
        distances: np.ndarray = self.levels[self.level]
        return distances

    @property
    def n_sites(self) -> int:
        """Number of primitive sites P."""
        return int(self.level.shape[0])

    @property
    def n_supercell(self) -> int:
        """Number of supercell atoms S."""
        return int(self.level.shape[1])


def distance_levels(distances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Merge distances of at most :data:`TOLERANCE` from the smallest to the largest of a level.

    Levels end at gaps wider than that; where a level would still be too wide, at the widest gap in
    it, again and again. Equal distances, told apart by rounding alone, stay together.

    Parameters
    ----------
    distances
        Any shape, float64, Å.

    Returns
    -------
    levels : numpy.ndarray
        (L,) float32, Å, ascending: mean of the distances of every level; 0 if it holds 0.
    level : numpy.ndarray
        Level of every distance, uint16.
    """
    flat = distances.ravel()
    levels, level = merge(flat, flat.argsort(), TOLERANCE)
    if len(levels) > MAX_LEVELS:
        raise OverflowError(f"{len(levels)} distances told apart, {MAX_LEVELS} allowed")
    return levels, level.reshape(distances.shape)


def point_set(
    structure: Structure,
    max_sites: int,
    max_atoms: int,
    supercell: Supercell = Supercell.NEAR_CUBIC,
) -> PointSet:
    """Build the point set of a pymatgen structure; see :func:`of_cell`."""
    numbers = np.array(structure.atomic_numbers, np.int16)
    cell = Cell(structure.lattice.matrix, numbers, structure.frac_coords)
    return of_cell(cell, max_sites, max_atoms, supercell)


def of_cell(
    cell: Cell, max_sites: int, max_atoms: int, supercell: Supercell = Supercell.NEAR_CUBIC
) -> PointSet:
    """Build the point set of a crystal (specification of the DIM data, sections 2.1 to 2.4).

    Parameters
    ----------
    cell
        Ordered crystal, any cell.
    max_sites
        Largest number of sites of the primitive cell.
    max_atoms
        Largest number of atoms of the supercell.
    supercell
        Which supercell.

    Returns
    -------
    PointSet

    Raises
    ------
    NotRepresentableError
        With the reason ``too many sites``, ``unsupported element`` (Z >= 100), ``missing feature``
        or ``unreadable`` (no primitive cell found).
    """
    _check_elements(cell.atomic_numbers)
    try:
        primitive = primitive_cell(cell)
    except ValueError as error:
        raise NotRepresentableError(Reason.UNREADABLE, f"no primitive cell: {error}") from error
    n_primitive = len(primitive.atomic_numbers)
    if n_primitive > max_sites:
        message = f"primitive cell with {n_primitive} sites, {max_sites} allowed"
        raise NotRepresentableError(Reason.TOO_MANY_SITES, message)
    if supercell == Supercell.SYMMETRIC:
        matrix = symmetric_matrix(primitive, max_atoms)
    else:
        matrix = supercell_matrix(primitive.lattice, n_primitive, max_atoms)
    distances = minimum_image_distances(primitive.lattice, primitive.frac_coords, matrix)
    return PointSet.of_distances(primitive.atomic_numbers, distances)


def _check_elements(atomic_numbers: np.ndarray) -> None:
    missing = elements_without_features()
    for number in dict.fromkeys(atomic_numbers.tolist()):
        if number > MAX_ATOMIC_NUMBER:
            symbol = Element.from_Z(number).symbol
            message = f"{symbol} (Z = {number}); elements up to Z = 99 have site inputs"
            raise NotRepresentableError(Reason.UNSUPPORTED_ELEMENT, message)
        if number in missing:
            message = f"{Element.from_Z(number).symbol} has no {', '.join(missing[number])}"
            raise NotRepresentableError(Reason.MISSING_FEATURE, message)
