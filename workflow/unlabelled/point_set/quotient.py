"""Point sets without repetition: sites that the encoder cannot tell apart are one class."""

from dataclasses import dataclass

import numpy as np

from unlabelled.point_set.kernels import count_equal, tell_apart
from unlabelled.point_set.point_set import PointSet


@dataclass(frozen=True, slots=True)
class SiteClasses:
    """Quotient of a point set: K classes of sites and M classes of pairs.

    The integers are as small as on disk; widen them before computing with them.

    Attributes
    ----------
    atomic_numbers : numpy.ndarray
        (K,) int16.
    multiplicity : numpy.ndarray
        (K,) int16, primitive sites in every class.
    pair_i, pair_j : numpy.ndarray
        (M,) int16, class of the site that looks (ascending) and of the atom seen.
    pair_level : numpy.ndarray
        (M,) uint16, level of the distance.
    pair_multiplicity : numpy.ndarray
        (M,) int16, supercell atoms merged into the pair, as one site of the class sees them.
    levels : numpy.ndarray
        (L,) float32, Å: distance of every level.
    """

    atomic_numbers: np.ndarray
    multiplicity: np.ndarray
    pair_i: np.ndarray
    pair_j: np.ndarray
    pair_level: np.ndarray
    pair_multiplicity: np.ndarray
    levels: np.ndarray

    @property
    def n_classes(self) -> int:
        """Number of classes K."""
        return len(self.atomic_numbers)

    @property
    def n_sites(self) -> int:
        """Number of primitive sites."""
        return int(self.multiplicity.sum())

    @property
    def n_pairs(self) -> int:
        """Number of pairs M."""
        return len(self.pair_level)


def quotient(point_set: PointSet) -> SiteClasses:
    """Merge sites of equal environment, and atoms seen at equal distance.

    Colour refinement (Weisfeiler and Leman): sites start with their element as colour, and are told
    apart by the multiset of (colour, distance) of the atoms they see, until nothing changes. Sites
    of one colour then get equal representations from any encoder that sums over atoms, whatever its
    weights, as long as it draws no random numbers.

    Parameters
    ----------
    point_set
        Crystal.

    Returns
    -------
    SiteClasses
        Exact: to the encoder it is the same point set. Classes are numbered in the order of their
        first sites.
    """
    n_levels = len(point_set.levels)
    images = point_set.n_supercell // point_set.n_sites
    level = point_set.level.astype(np.int32)  # large enough for 32,767 colours of 2¹⁶ levels
    numbers = point_set.atomic_numbers.astype(np.int32)
    colours, first = tell_apart(numbers, numbers[:, None])
    while True:
        seen = level + np.repeat(colours * n_levels, images)
        seen.sort(axis=1)
        before = len(first)
        colours, first = tell_apart(colours, seen)
        if len(first) == before:
            break
    pair_i, pair_j, pair_level, pair_multiplicity = count_equal(seen, first, n_levels)
    return SiteClasses(
        point_set.atomic_numbers[first],
        np.bincount(colours).astype(np.int16),
        pair_i,
        pair_j,
        pair_level,
        pair_multiplicity,
        point_set.levels,
    )


def every_site(point_set: PointSet) -> SiteClasses:
    """Return the trivial quotient: every site a class, every atom that it sees a pair.

    The pairs of a site stand in the order of the atoms of the point set.
    """
    n_sites, n_supercell = point_set.n_sites, point_set.n_supercell
    sites = np.arange(n_sites, dtype=np.int16)
    return SiteClasses(
        point_set.atomic_numbers,
        np.ones(n_sites, np.int16),
        np.repeat(sites, n_supercell),
        np.tile(np.repeat(sites, n_supercell // n_sites), n_sites),
        point_set.level.ravel(),
        np.ones(n_sites * n_supercell, np.int16),
        point_set.levels,
    )
