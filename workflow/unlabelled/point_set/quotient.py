"""Point sets without repetition: sites that the encoder cannot tell apart are one class."""

from dataclasses import dataclass

import numpy as np

from unlabelled.point_set.point_set import PointSet

TOLERANCE = 1e-3  # Å; distances are told apart down to this


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
    distances : numpy.ndarray
        (M,) float32, Å.
    pair_multiplicity : numpy.ndarray
        (M,) int64, supercell atoms merged into the pair, as one site of the class sees them.
    """

    atomic_numbers: np.ndarray
    multiplicity: np.ndarray
    pair_i: np.ndarray
    pair_j: np.ndarray
    distances: np.ndarray
    pair_multiplicity: np.ndarray

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
        return len(self.distances)


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
        Exact up to distances that differ by less than :data:`TOLERANCE`, of which the first stands
        for all.
    """
    site_of_atom = np.arange(point_set.n_supercell) * point_set.n_sites // point_set.n_supercell
    steps = np.rint(point_set.distances / TOLERANCE).astype(np.int64)
    colours = np.unique(point_set.atomic_numbers, return_inverse=True)[1]
    while True:
        keys = _pair_keys(colours[site_of_atom], steps)
        rows = np.column_stack([colours, np.sort(keys, axis=1)])
        refined = np.unique(rows, axis=0, return_inverse=True)[1].ravel()
        if refined.max() == colours.max():
            break
        colours = refined
    _, first_site, multiplicity = np.unique(colours, return_index=True, return_counts=True)
    parts = []
    for site_class, site in enumerate(first_site):
        _, first_atom, merged = np.unique(keys[site], return_index=True, return_counts=True)
        seen = colours[site_of_atom[first_atom]]
        looking = np.full(len(seen), site_class)
        parts.append((looking, seen, point_set.distances[site, first_atom], merged))
    pair_i, pair_j, distances, pair_multiplicity = map(np.concatenate, zip(*parts, strict=True))
    numbers = point_set.atomic_numbers[first_site].astype(np.int64)
    return SiteClasses(numbers, multiplicity, pair_i, pair_j, distances, pair_multiplicity)


def _pair_keys(colour_of_atom: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """One integer per (colour of the atom, distance), (P, S)."""
    keys: np.ndarray = colour_of_atom[None, :] * (steps.max() + 1) + steps
    return keys
