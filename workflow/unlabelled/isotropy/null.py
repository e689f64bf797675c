"""What a measure gives for an isotropic cluster of the same size: mean and spread.

A round cluster of few points in many dimensions looks anisotropic: of 100 points in 100 dimensions
the fractional anisotropy is 0.71. A value means something beside this one.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigvalsh_tridiagonal
from scipy.special import gammaln

from unlabelled.isotropy import spectrum
from unlabelled.isotropy.cluster import Cluster, Floats
from unlabelled.isotropy.measures import MEASURES, Isotropy
from unlabelled.isotropy.partition import log_partition
from unlabelled.seeds import generator

DRAWS = 32
# From so many dimensions on, only the ends of the spectrum are drawn for i_vec.
_MANY_DIMENSIONS = 64
_LONGEST_AXES, _SHORTEST_AXES = 4, 2
_POINTS_DRAWN = 2**16
_FEWEST = 8
# From so many points on, the unbiased participation ratio is taken as normal.
_MANY_POINTS = 100


class Null(NamedTuple):
    """A measure of isotropic Gaussian clusters of n points in d dimensions.

    Attributes
    ----------
    mean
        Mean over the draws.
    sd
        Standard deviation of one cluster, ddof 1.
    """

    mean: float
    sd: float


@lru_cache(maxsize=2**16)
def null(measure: str, n: int, d: int, *, draws: int = DRAWS, seed: int = 0) -> Null:
    """Measure isotropic Gaussian clusters.

    Measures of eigenvalues draw these from their exact distribution, through the bidiagonal form of
    Dumitriu and Edelman (J. Math. Phys. 43, 5830 (2002)), at a cost that does not depend on the
    larger of n and d. ``i_vec`` in many dimensions takes the extreme eigenvalues from there, and
    directions of their projections that are uniform and independent. The unbiased participation
    ratio of many points is d, its deviation that of the sphericity statistic of Srivastava (J.
    Japan Stat. Soc. 35, 251 (2005)), 2 √(d² + d - 2)/(n - 1). Other measures are taken of drawn
    points.

    Parameters
    ----------
    measure
        Name in :data:`unlabelled.isotropy.measures.MEASURES`, in the corrected implementation.
    n, d
        Number of points and of dimensions.
    draws
        Number of clusters; of large ones fewer are drawn for ``i_vec``, which differ less.
    seed
        Of the draws; those of every measure, n and d are independent of the others.

    Returns
    -------
    Null
        NaN where the measure is undefined.
    """
    if n < 2:
        return Null(np.nan, np.nan)
    random = generator(seed, "null", measure, n, d)
    if measure == "mean_cosine":
        return Null(0.0, float(np.sqrt(2 / (d * n * (n - 1)))))
    if measure == "participation_ratio_corrected" and n >= _MANY_POINTS:
        return Null(float(d), float(2 * np.sqrt(d**2 + d - 2) / (n - 1)))
    if measure in spectrum.FROM_RATIO and d > 1:
        diagonal, off = _tridiagonal(n, d, draws, random)
        total = diagonal.sum(axis=1)
        squares = (diagonal**2).sum(axis=1) + 2 * (off**2).sum(axis=1)
        values = spectrum.FROM_RATIO[measure](total**2 / squares, d)
    elif measure == "effective_rank":
        values = np.array(
            [
                spectrum.entropy_rank(np.sqrt(np.maximum(eigvalsh_tridiagonal(*drawn), 0)))
                for drawn in zip(*_tridiagonal(n, d, draws, random), strict=True)
            ]
        )
    elif measure == "i_vec" and d >= _MANY_DIMENSIONS:
        few = min(draws, max(_POINTS_DRAWN // n, _FEWEST))
        drawn = zip(*_tridiagonal(n, d, few, random), strict=True)
        values = np.array([_i_vec(diagonal, off, n, d, random) for diagonal, off in drawn])
    else:
        points = (Cluster(random.standard_normal((n, d))) for _ in range(draws))
        values = np.array([MEASURES[measure].corrected(cluster) for cluster in points])
    return Null(float(values.mean()), float(values.std(ddof=1)))


def null_of_average(
    measure: str, measured: Isotropy, d: int, *, draws: int = DRAWS, seed: int = 0
) -> Null:
    """Return what an average would be if every cluster in it were isotropic.

    Parameters
    ----------
    measure
        Name of the measure.
    measured
        The average; clusters without a value are left out, as there.
    d
        Number of dimensions.
    draws, seed
        As of :func:`null`.
    """
    used = [cluster.n for cluster in measured.clusters if cluster.undefined is None]
    if not used:
        return Null(np.nan, np.nan)
    weights = np.array(used) / sum(used)
    nulls = np.array([null(measure, n, d, draws=draws, seed=seed) for n in used])
    return Null(float(weights @ nulls[:, 0]), float(np.sqrt(weights**2 @ nulls[:, 1] ** 2)))


def _tridiagonal(n: int, d: int, draws: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Symmetric tridiagonal matrices with the eigenvalues of XᵀX of centred Gaussian points.

    Returns
    -------
    tuple
        Diagonal (draws, m) and off-diagonal (draws, m - 1), m the smaller of n - 1 and d.
    """
    few, many = sorted((n - 1, d))
    diagonal = np.sqrt(random.chisquare(np.arange(many, many - few, -1), (draws, few)))
    below = np.sqrt(random.chisquare(np.arange(few - 1, 0, -1), (draws, few - 1)))
    squares = diagonal**2
    squares[:, 1:] += below**2
    return squares, diagonal[:, :-1] * below


def _i_vec(diagonal: Floats, off: Floats, n: int, d: int, random: np.random.Generator) -> float:
    """I_vec from the ends of a drawn spectrum."""
    rank = len(diagonal)
    most, least = min(_LONGEST_AXES, rank), min(_SHORTEST_AXES, rank)
    high = eigvalsh_tridiagonal(diagonal, off, select="i", select_range=(rank - most, rank - 1))
    low = eigvalsh_tridiagonal(diagonal, off, select="i", select_range=(0, least - 1))
    # mean norm of a centred Gaussian point
    scale = np.sqrt(2 * (n - 1) / n) * np.exp(gammaln((d + 1) / 2) - gammaln(d / 2))
    axes = random.standard_normal((n, most + least))
    axes -= axes.mean(axis=0)
    axes /= np.linalg.norm(axes, axis=0)
    lengths = np.sqrt(np.maximum(np.concatenate([low, high]), 0)) / scale
    logs = log_partition([axes * lengths])
    smallest = logs.min() if rank == d else np.log(n)
    return float(np.exp(smallest - logs.max()))
