"""Point sets without repetition: sites that the encoder cannot tell apart are one class."""

from dataclasses import dataclass

import numpy as np

from unlabelled.point_set.point_set import PointSet


@dataclass(frozen=True, slots=True)
class SiteClasses:
    """Quotient of a point set: K classes of sites and M classes of pairs.

    Attributes
    ----------
    atomic_numbers : numpy.ndarray
        (K,) int64.
    multiplicity : numpy.ndarray
        (K,) int64, primitive sites in every class.
    pair_i, pair_j : numpy.ndarray
        (M,) int64, class of the site that looks (ascending) and of the atom seen.
    pair_level : numpy.ndarray
        (M,) int64, level of the distance.
    pair_multiplicity : numpy.ndarray
        (M,) int64, supercell atoms merged into the pair, as one site of the class sees them.
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
        Exact: to the encoder it is the same point set.
    """
    site_of_atom = np.arange(point_set.n_supercell) * point_set.n_sites // point_set.n_supercell
    level = point_set.level.astype(np.int64)
    n_levels = len(point_set.levels)
    colours = np.unique(point_set.atomic_numbers, return_inverse=True)[1]
    while True:
        keys = colours[site_of_atom] * n_levels + level
        rows = np.column_stack([colours, np.sort(keys, axis=1)])
        refined = np.unique(rows, axis=0, return_inverse=True)[1].ravel()
        if refined.max() == colours.max():
            break
        colours = refined
    _, first_site, multiplicity = np.unique(colours, return_index=True, return_counts=True)
    parts = []
    for site_class, site in enumerate(first_site):
        seen, merged = np.unique(keys[site], return_counts=True)
        parts.append((np.full(len(seen), site_class), seen // n_levels, seen % n_levels, merged))
    pair_i, pair_j, pair_level, pair_multiplicity = map(np.concatenate, zip(*parts, strict=True))
    numbers = point_set.atomic_numbers[first_site].astype(np.int64)
    return SiteClasses(
        numbers, multiplicity, pair_i, pair_j, pair_level, pair_multiplicity, point_set.levels
    )


def every_site(point_set: PointSet) -> SiteClasses:
    """Return the trivial quotient: every site a class, every atom that it sees a pair.

    The pairs of a site stand in the order of the atoms of the point set.
    """
    n_sites, n_supercell = point_set.n_sites, point_set.n_supercell
    sites = np.arange(n_sites)
    return SiteClasses(
        point_set.atomic_numbers.astype(np.int64),
        np.ones(n_sites, np.int64),
        np.repeat(sites, n_supercell),
        np.tile(np.repeat(sites, n_supercell // n_sites), n_sites),
        point_set.level.ravel().astype(np.int64),
        np.ones(n_sites * n_supercell, np.int64),
        point_set.levels,
    )
