"""One crystal as the network sees it: primitive sites looking at the atoms of a supercell."""

from dataclasses import dataclass

import numpy as np
from pymatgen.core.structure import Structure

from unlabelled.point_set.features import MAX_ATOMIC_NUMBER, elements_without_features
from unlabelled.point_set.supercell import supercell_matrix
from unlabelled.structures.schema import Reason

TOLERANCE = 1e-3  # Å; distances are told apart down to this
PRIMITIVE_TOLERANCE = 0.5  # Å, pymatgen's default for PrimitiveCellTransformation


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
        (L,) float32, Å, ascending: the distances that occur. Those closer than :data:`TOLERANCE`
        are one level, at their mean. The first is 0.
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
    """Merge distances that differ by less than :data:`TOLERANCE`.

    Parameters
    ----------
    distances
        Any shape, Å.

    Returns
    -------
    levels : numpy.ndarray
        (L,) float32, Å, ascending: mean of the distances of every level.
    level : numpy.ndarray
        Level of every distance, uint16.
    """
    steps, level = np.unique(np.rint(distances / TOLERANCE), return_inverse=True)
    totals = np.bincount(level.ravel(), distances.ravel().astype(float))
    levels = (totals / np.bincount(level.ravel())).astype(np.float32)
    return levels, level.reshape(distances.shape).astype(np.uint16)


def point_set(structure: Structure, max_sites: int, max_atoms: int) -> PointSet:
    """Build the point set of a crystal (specification of the DIM data, sections 2.1 to 2.4).

    Parameters
    ----------
    structure
        Ordered crystal, any cell.
    max_sites
        Largest number of sites of the primitive cell.
    max_atoms
        Largest number of atoms of the supercell.

    Returns
    -------
    PointSet

    Raises
    ------
    NotRepresentableError
        With the reason ``too many sites``, ``unsupported element`` (Z >= 100), ``missing feature``
        or ``unreadable`` (no primitive cell found).
    """
    _check_elements(structure)
    try:
        primitive = structure.get_primitive_structure(tolerance=PRIMITIVE_TOLERANCE)
    except (ValueError, ArithmeticError, IndexError) as error:
        raise NotRepresentableError(Reason.UNREADABLE, f"no primitive cell: {error}") from error
    n_primitive = len(primitive)
    if n_primitive > max_sites:
        message = f"primitive cell with {n_primitive} sites, {max_sites} allowed"
        raise NotRepresentableError(Reason.TOO_MANY_SITES, message)
    atomic_numbers = np.array([site.specie.Z for site in primitive], dtype=np.int16)
    supercell = primitive.make_supercell(
        supercell_matrix(primitive.lattice.matrix, n_primitive, max_atoms), in_place=False
    )
    # pymatgen lists the images of a primitive site one after another.
    images = len(supercell) // n_primitive
    distances = supercell.distance_matrix[::images].astype(np.float32)
    return PointSet.of_distances(atomic_numbers, distances)


def _check_elements(structure: Structure) -> None:
    missing = elements_without_features()
    for element in structure.composition.elements:
        if element.Z > MAX_ATOMIC_NUMBER:
            message = f"{element.symbol} (Z = {element.Z}); elements up to Z = 99 have site inputs"
            raise NotRepresentableError(Reason.UNSUPPORTED_ELEMENT, message)
        if element.Z in missing:
            message = f"{element.symbol} has no {', '.join(missing[element.Z])}"
            raise NotRepresentableError(Reason.MISSING_FEATURE, message)
