"""All measures by name, and their average over a clustering."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from unlabelled.isotropy import partition, published, spectrum
from unlabelled.isotropy.cluster import Cluster

Implementation = Literal["corrected", "published"]
Function = Callable[..., float]


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of the shape of a cluster.

    Attributes
    ----------
    corrected
        Function of points (n, d) or a :class:`Cluster`.
    published
        The authors' form, a function of points; None if they have none.
    isotropic_is_high
        Whether a larger value means more isotropic.
    symbol
        Short name in figures.
    """

    corrected: Function
    published: Function | None
    isotropic_is_high: bool
    symbol: str

    def function(self, implementation: Implementation) -> Function:
        """Return one of the two functions.

        Raises
        ------
        ValueError
            If there is none of this name.
        """
        if implementation == "corrected":
            return self.corrected
        if implementation == "published" and self.published is not None:
            return self.published
        raise ValueError(f"{self.symbol} has no implementation {implementation!r}")


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "i_vec": Measure(partition.i_vec, published.i_vec, True, "I_vec"),
        "i_rnd": Measure(partition.i_rnd, published.i_rnd, True, "I_rnd"),
        "fractional_anisotropy": Measure(
            spectrum.fractional_anisotropy, published.fractional_anisotropy, False, "FA"
        ),
        "fractional_anisotropy_normalised": Measure(
            spectrum.fractional_anisotropy_normalised, None, False, "FA_d"
        ),
        "eigenvalue_variance": Measure(
            spectrum.eigenvalue_variance, published.eigenvalue_variance, False, "var λ"
        ),
        "participation_ratio": Measure(spectrum.participation_ratio, None, True, "PR"),
        "participation_ratio_corrected": Measure(
            spectrum.participation_ratio_corrected, None, True, "PR unbiased"
        ),
        "isoscore": Measure(spectrum.isoscore, None, True, "IsoScore"),
        "isoscore_star": Measure(spectrum.isoscore_star, None, True, "IsoScore*"),
        "effective_rank": Measure(spectrum.effective_rank, None, True, "effective rank"),
        "mean_cosine": Measure(spectrum.mean_cosine, None, False, "mean cosine"),
    }
)


@dataclass(frozen=True, slots=True)
class OfCluster:
    """A measure of one cluster.

    Attributes
    ----------
    label
        Label of the cluster; None if there were no labels.
    n
        Number of points.
    value
        The measure, NaN if undefined.
    undefined
        Why it is undefined, or None.
    """

    label: Any
    n: int
    value: float
    undefined: str | None


@dataclass(frozen=True, slots=True)
class Isotropy:
    """A measure of a clustering.

    Attributes
    ----------
    value
        Average over the clusters, each weighted by its number of points; NaN if undefined for all.
    excluded_weight
        Share of the points in clusters for which it is undefined. They are left out of `value`, but
        for the published implementation, where one such cluster makes it NaN.
    clusters
        The clusters one by one, in the order of their labels.
    """

    value: float
    excluded_weight: float
    clusters: tuple[OfCluster, ...]

    def __float__(self) -> float:
        return self.value


def isotropy(
    X: npt.ArrayLike,
    labels: npt.ArrayLike | None = None,
    measure: str = "i_vec",
    implementation: Implementation = "corrected",
    **options: Any,
) -> Isotropy:
    """Measure the shape of a cluster, or of the clusters of a clustering.

    Parameters
    ----------
    X
        (n, d) points as rows, finite.
    labels
        (n,) cluster of every point; all points are one cluster if there are none.
    measure
        Name in :data:`MEASURES`.
    implementation
        ``corrected``, or ``published``: as the authors released it, faults included.
    **options
        Options of the measure, such as ``seed`` of ``i_rnd``.

    Returns
    -------
    Isotropy
        ``float(...)`` of it is the size-weighted average.

    Raises
    ------
    ValueError
        If the measure or its implementation is not known, if labels and points differ in number, or
        if the points are no table of finite numbers.

    Examples
    --------
    >>> cross = [[2, 0], [-2, 0], [0, 1], [0, -1]]
    >>> round(float(isotropy(cross, measure="isoscore")), 6)
    0.470588
    """
    return isotropy_of(clusters(X, labels), measure, implementation, **options)


def isotropy_of(
    clustering: Sequence[tuple[Any, Cluster]],
    measure: str,
    implementation: Implementation = "corrected",
    **options: Any,
) -> Isotropy:
    """Measure the clusters of a clustering; those measured again share what was computed.

    Parameters
    ----------
    clustering
        What :func:`clusters` returned.
    measure, implementation, **options
        As of :func:`isotropy`.

    Raises
    ------
    ValueError
        If the measure or its implementation is not known.
    """
    if measure not in MEASURES:
        raise ValueError(f"there is no measure {measure!r}; known: {', '.join(MEASURES)}")
    function = MEASURES[measure].function(implementation)
    found = []
    for label, cluster in clustering:
        whole = implementation == "published"
        value = function(cluster.points if whole else cluster, **options)
        reason = cluster.undefined or "too few points or dimensions for this measure"
        found.append(OfCluster(label, cluster.n, value, reason if np.isnan(value) else None))
    return average(found, skip_undefined=implementation == "corrected")


def average(of_clusters: list[OfCluster], *, skip_undefined: bool) -> Isotropy:
    """Average over clusters, weighted by their sizes.

    Parameters
    ----------
    of_clusters
        At least one cluster.
    skip_undefined
        Leave out clusters without a value; else one of them makes the average NaN.
    """
    values = np.array([cluster.value for cluster in of_clusters])
    sizes = np.array([cluster.n for cluster in of_clusters], dtype=float)
    defined = ~np.isnan(values)
    used = defined if skip_undefined and defined.any() else np.ones_like(defined)
    return Isotropy(
        value=float(np.average(values[used], weights=sizes[used])),
        excluded_weight=float(sizes[~defined].sum() / sizes.sum()),
        clusters=tuple(of_clusters),
    )


def clusters(
    X: npt.ArrayLike, labels: npt.ArrayLike | None = None, dimensions: int | None = None
) -> list[tuple[Any, Cluster]]:
    """Split points into the clusters of a clustering.

    Parameters
    ----------
    X
        (n, d) points as rows.
    labels
        (n,) cluster of every point, or None.
    dimensions
        As of :class:`Cluster`.

    Returns
    -------
    list
        Label and :class:`Cluster`, in the order of the labels.

    Raises
    ------
    ValueError
        If labels and points differ in number.
    """
    points = np.asarray(X)
    if labels is None:
        return [(None, Cluster(points, dimensions))]
    assigned = np.asarray(labels)
    if assigned.shape != points.shape[:1]:
        raise ValueError(f"{assigned.shape} labels for {points.shape[0]} points")
    return [
        (label, Cluster(points[assigned == label], dimensions))
        for label in np.unique(assigned).tolist()
    ]
