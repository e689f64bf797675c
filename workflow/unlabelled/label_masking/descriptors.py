"""Representations of crystals without a network: the bar that learnt ones have to clear.

Every function takes an ordered structure as it stands in the crystal table. The study computed its
traditional features on supercells; up to rounding, the vectors here depend neither on the choice of
the cell nor on the order of the sites or the origin, so it makes no difference.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pymatgen.core.periodic_table import Element
from pymatgen.core.structure import Structure
from scipy.stats import gaussian_kde

from unlabelled.point_set.features import SCALERS, element_table
from unlabelled.sources import elements as element_tables

Floats = npt.NDArray[np.float64]

#: The element properties of Ward et al. (2016), in their order.
MAGPIE_PROPERTIES = (
    "Number",
    "MendeleevNumber",
    "AtomicWeight",  # u
    "MeltingT",  # K
    "Column",
    "Row",
    "CovalentRadius",  # pm
    "Electronegativity",  # Pauling
    "NsValence",
    "NpValence",
    "NdValence",
    "NfValence",
    "NValence",
    "NsUnfilled",
    "NpUnfilled",
    "NdUnfilled",
    "NfUnfilled",
    "NUnfilled",
    "GSvolume_pa",  # Å³
    "GSbandgap",  # eV
    "GSmagmom",  # Bohr magnetons
    "SpaceGroupNumber",
)
# Place of an orbital's first occupation among s1 s2 p1 ... p6 d1 ... d10 f1 ... f14, and how many
# shells below the period its valence electrons are.
_ORBITALS = {"s": (0, 0), "p": (2, 0), "d": (8, 1), "f": (18, 2)}
_N_OCCUPATIONS = 32
_N_PERIODS = 7
_MAX_TWO_THETA = 127  # degrees
_SHELL_SHARPNESS = 3.0
_SHELL_END = 2.0  # of the nearest distance
_FIRST_RADIUS = 6.0  # Å; enough for most crystals, enlarged for others
_BANDWIDTH = 0.05
# A peak as high as the highest is 100 whatever the last digits of its intensity.
_INTENSITY_TOLERANCE = 1e-6


def dummy(structure: Structure) -> Floats:
    """Return one zero, (1,): a head on it predicts the same for every crystal."""
    del structure
    return np.zeros(1)


def element_statistics(structure: Structure) -> Floats:
    """Mean, standard deviation, minimum and maximum of the encoder's site inputs.

    Parameters
    ----------
    structure
        Ordered crystal.

    Returns
    -------
    numpy.ndarray
        (32,): the four statistics over the sites, each of the eight element properties of
        :data:`unlabelled.point_set.features.SCALERS`, scaled as they are there.

    Raises
    ------
    ValueError
        If an element lacks one of the properties.
    """
    numbers, counts = np.unique(structure.atomic_numbers, return_counts=True)
    values = _properties(element_table()[:, : len(SCALERS)], numbers)
    mean, weights = _mean(values, counts)
    spread = np.sqrt(weights @ (values - mean) ** 2)
    return np.concatenate([mean, spread, values.min(axis=0), values.max(axis=0)])


def magpie_statistics(structure: Structure, elements: Floats) -> Floats:
    """Statistics of the Magpie element properties over the composition.

    Those of Ward et al., npj Comput. Mater. 2, 16028 (2016), as the ``magpie`` preset of matminer's
    ElementProperty has them: no stoichiometric norms, orbital fractions or ionic attributes.

    Parameters
    ----------
    structure
        Ordered crystal.
    elements
        What :func:`read_elements` returned.

    Returns
    -------
    numpy.ndarray
        (132,): for each of :data:`MAGPIE_PROPERTIES` its minimum, maximum, range, mean and mean
        absolute deviation, both weighted by atomic fraction, and mode: the value of the most
        abundant element, the smallest value if several are equally abundant.

    Raises
    ------
    ValueError
        If an element lacks one of the properties.
    """
    numbers, counts = np.unique(structure.atomic_numbers, return_counts=True)
    values = _properties(elements, numbers)
    low, high = values.min(axis=0), values.max(axis=0)
    mean, weights = _mean(values, counts)
    deviation = weights @ np.abs(values - mean)
    mode = values[counts == counts.max()].min(axis=0)
    return np.stack([low, high, high - low, mean, deviation, mode], axis=1).ravel()


def read_elements(path: str | Path) -> Floats:
    """Read a table of the Magpie element properties.

    The table of the source ``magpie`` holds the values of Magpie as they are, not scaled (H has the
    atomic weight 1.00794 u), for Z = 1 to 97. Whoever made it left no gap: He and Fr have the
    melting point of Ge, which is the median over the table, and He, Ne, Ar and Rn the median
    electronegativity; Po, At, Rn, Fr and Ra share one volume per atom.

    Parameters
    ----------
    path
        CSV file with the columns ``element`` (symbols) and :data:`MAGPIE_PROPERTIES`.

    Returns
    -------
    numpy.ndarray
        (119, 22), row Z belongs to atomic number Z; NaN where the table has no value.

    Raises
    ------
    UserError
        If the file is not such a table.
    """
    return element_tables.read(path, MAGPIE_PROPERTIES)


def valence_occupations(element: Element) -> Floats:
    """Occupations of the valence orbitals of an element, and its period.

    Valence are the s and p orbitals of the outermost shell, the d orbitals of the one below and
    the f orbitals of the one below that, also where they are full: Pb is 6s² 6p² 5d¹⁰ 4f¹⁴. The
    outermost shell is that of the period, so Pd is 4d¹⁰ alone (matminer takes shell 4 for it).

    Returns
    -------
    numpy.ndarray
        (39,) of zeros and ones: s1 s2, p1 to p6, d1 to d10, f1 to f14, then periods 1 to 7.
        Lanthanides are in period 6, actinides in 7.
    """
    vector = np.zeros(_N_OCCUPATIONS + _N_PERIODS)
    for shell, orbital, electrons in element.full_electronic_structure:
        start, below = _ORBITALS[orbital]
        if shell == element.row - below:
            vector[start + electrons - 1] = 1
    vector[_N_OCCUPATIONS + element.row - 1] = 1
    return vector


def orbital_field_matrix(structure: Structure) -> Floats:
    """Orbital field matrix with periods.

    Pham et al., Sci. Technol. Adv. Mater. 18, 756 (2017), as matminer's
    ``OrbitalFieldMatrix(period_tag=True)``, in 1/Å where matminer has 1/bohr.

    Parameters
    ----------
    structure
        Ordered crystal.

    Returns
    -------
    numpy.ndarray
        (1521,), 1/Å: the matrix (39, 39) row by row. Its rows belong to the neighbours, its columns
        to the centre: the mean over sites i of the sum over Voronoi neighbours j of
        ``w / d * outer(v_j, v_i)`` with v the :func:`valence_occupations`, d the distance and w the
        solid angle of the shared face over the largest one of the site.

    Raises
    ------
    ValueError
        If the faces of a Voronoi cell do not close it, as between layers far apart: pymatgen looks
        for neighbours within 13 Å.
    """
    from pymatgen.analysis.local_env import VoronoiNN  # a second, and for this one alone

    structure = _wrapped(structure)
    vectors = {z: valence_occupations(Element.from_Z(z)) for z in set(structure.atomic_numbers)}
    voronoi = VoronoiNN(  # type: ignore[no-untyped-call]
        allow_pathological=True, compute_adj_neighbors=False
    )
    cells = voronoi.get_all_voronoi_polyhedra(structure)
    matrix = np.zeros((_N_OCCUPATIONS + _N_PERIODS,) * 2)
    for centre, cell in zip(structure.atomic_numbers, cells, strict=True):
        faces = list(cell.values())
        angles = np.array([face["solid_angle"] for face in faces])
        if not np.isclose(angles.sum(), 4 * np.pi, rtol=1e-3):
            raise ValueError(f"a Voronoi cell with a solid angle of {angles.sum():.3f}, not 4 pi")
        distances = 2 * np.array([face["face_dist"] for face in faces])
        neighbours = np.stack([vectors[face["site"].specie.Z] for face in faces])
        matrix += np.outer((angles / angles.max() / distances) @ neighbours, vectors[centre])
    return matrix.ravel() / len(structure)


def environment_statistics(structure: Structure) -> Floats:
    """Statistics of what the sites have around them.

    A neighbour at distance d counts with the weight exp(−3 ((d / d₁)² − 1)) − exp(−9), d₁ the
    distance of the nearest: a smooth form of the first coordination shell that ends at 2 d₁. It is
    this project's own, without parameters that are fitted.

    Parameters
    ----------
    structure
        Ordered crystal.

    Returns
    -------
    numpy.ndarray
        (60,): mean, standard deviation, minimum and maximum over the sites of fifteen quantities,
        of which all means are weighted: the mean absolute differences between a site and its
        neighbours in the eight properties of :data:`unlabelled.point_set.features.SCALERS` (scaled
        as there); the nearest and the mean distance (Å); the logarithm of the sum of the weights;
        the least and the mean distance in sums of two atomic radii; the mean difference in
        electronegativity (Pauling), which stands for the charge q; and the mean of −q q' / d (1/Å),
        which stands for the attraction of a site with q by its neighbours with q'.

    Raises
    ------
    ValueError
        If an element lacks one of the properties.
    """
    n_sites = len(structure)
    centre, other, distance, nearest = _first_shells(structure)
    weight = _shell_weight(distance / nearest[centre])
    total = np.bincount(centre, weight, n_sites)

    def mean(of_pairs: Floats) -> Floats:
        return np.bincount(centre, weight * of_pairs, n_sites) / total

    values = _properties(element_table()[:, : len(SCALERS)], np.array(structure.atomic_numbers))
    differences = values[other] - values[centre]
    of_element = dict(zip(SCALERS, (values / list(SCALERS.values())).T, strict=True))
    radius, electronegativity = of_element["AtomicRadius"], of_element["Electronegativity"]
    relative = distance / (radius[centre] + radius[other])
    least = np.full(n_sites, np.inf)
    np.minimum.at(least, centre, relative)
    charge = mean(electronegativity[other] - electronegativity[centre])
    sites = np.column_stack(
        [
            *(mean(of_property) for of_property in np.abs(differences).T),
            nearest,
            mean(distance),
            np.log(total),
            least,
            mean(relative),
            charge,
            mean(-charge[centre] * charge[other] / distance),
        ]
    )
    return np.concatenate(
        [sites.mean(axis=0), sites.std(axis=0), sites.min(axis=0), sites.max(axis=0)]
    )


def xrd_pattern(structure: Structure) -> Floats:
    """Powder diffraction pattern, smoothed.

    As matminer's ``XRDPowderPattern`` by default: Cu Kα, every peak repeated as often as its
    intensity says (whole numbers, the highest 100), and the density of their angles estimated with
    a Gaussian whose width is 0.05 of their standard deviation.

    Parameters
    ----------
    structure
        Ordered crystal.

    Returns
    -------
    numpy.ndarray
        (128,), 1/degree: the density at scattering angles 2θ of 0, 1, ..., 127 degrees.

    Raises
    ------
    ValueError
        If an element has no scattering factor.
    numpy.linalg.LinAlgError
        If there are not two peaks.
    """
    from pymatgen.analysis.diffraction.xrd import XRDCalculator  # as above

    pattern = XRDCalculator("CuKa").get_pattern(structure, two_theta_range=(0, _MAX_TWO_THETA))
    repeats = np.floor(np.asarray(pattern.y) + _INTENSITY_TOLERANCE).astype(int)
    density = gaussian_kde(np.repeat(pattern.x, repeats), bw_method=_BANDWIDTH)
    return np.asarray(density(np.arange(_MAX_TWO_THETA + 1.0)), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A function of a structure.

    Attributes
    ----------
    function
        The function; it takes a table of element properties too if it needs one.
    length
        Numbers in the vector it returns.
    needs_elements
        Whether its second argument is what :func:`read_elements` returns.
    """

    function: Callable[..., Floats]
    length: int
    needs_elements: bool = False


DESCRIPTORS = {
    "dummy": Descriptor(dummy, 1),
    "element_statistics": Descriptor(element_statistics, 4 * len(SCALERS)),
    "environment_statistics": Descriptor(environment_statistics, 4 * (len(SCALERS) + 7)),
    "magpie_statistics": Descriptor(
        magpie_statistics, 6 * len(MAGPIE_PROPERTIES), needs_elements=True
    ),
    "orbital_field_matrix": Descriptor(orbital_field_matrix, (_N_OCCUPATIONS + _N_PERIODS) ** 2),
    "xrd_pattern": Descriptor(xrd_pattern, _MAX_TWO_THETA + 1),
}

#: By which crystals are compared to say whether one is like others. What an encoder makes of them
#: would not do: stretched to five times their volume, crystals stay where they are for it.
LIKENESS = ("element_statistics", "environment_statistics")


def _properties(table: Floats, numbers: npt.NDArray[np.int_]) -> Floats:
    """Rows of a table by atomic number."""
    values = table[numbers]
    missing = np.isnan(values).any(axis=1)
    if missing.any():
        symbols = [Element.from_Z(number).symbol for number in np.unique(numbers[missing])]
        raise ValueError(f"a property of {', '.join(symbols)} is not known")
    return values


def _mean(values: Floats, counts: npt.NDArray[np.int_]) -> tuple[Floats, Floats]:
    """Mean over the atoms, and the atomic fractions."""
    fractions = counts / counts.sum()
    return fractions @ values, fractions


def _wrapped(structure: Structure) -> Structure:
    """Move the sites into the cell: pymatgen's tessellation would lose those outside of it.

    Wrapped twice, for just below 0 becomes 1 at first.
    """
    return Structure(structure.lattice, structure.species, structure.frac_coords % 1 % 1)


def _first_shells(
    structure: Structure,
) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_], Floats, Floats]:
    """Sites, neighbours and distances (Å) within each site's first shell, and its nearest."""
    radius = _FIRST_RADIUS
    while True:
        centre, other, _, distance = structure.get_neighbor_list(radius)
        nearest = np.full(len(structure), np.inf)
        np.minimum.at(nearest, centre, distance)
        if radius >= _SHELL_END * nearest.max():
            break
        radius = min(2 * radius, 1.01 * _SHELL_END * nearest.max())
    inside = distance <= _SHELL_END * nearest[centre]
    return centre[inside], other[inside], distance[inside], nearest


def _shell_weight(relative: Floats) -> Floats:
    """Weight of a neighbour; zero at the end, since just twice the nearest distance is common."""
    end: float = np.exp(-_SHELL_SHARPNESS * (_SHELL_END**2 - 1))
    return np.maximum(np.exp(-_SHELL_SHARPNESS * (relative**2 - 1)) - end, 0)
