"""Measures from the eigenvalues of the covariance of a cluster.

With l the eigenvalues in d dimensions, the participation ratio is PR = (Σl)² / Σl². At a fixed d,
fractional anisotropy, the variance of the eigenvalues and IsoScore are functions of PR alone, so
they order clusters alike. None needs an eigendecomposition: Σl is the trace of the smaller Gram
matrix, Σl² its squared Frobenius norm.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from unlabelled.isotropy.cluster import Cluster, Floats

SHRINKAGE = 0.2

#: Measures as functions of the participation ratio and the number of dimensions, d > 1.
FROM_RATIO: Mapping[str, Callable[[Floats, int], Floats]] = MappingProxyType(
    {
        "participation_ratio": lambda ratio, d: ratio,
        "fractional_anisotropy": lambda ratio, d: np.sqrt(np.maximum(1 - ratio / d, 0)),
        "fractional_anisotropy_normalised": lambda ratio, d: np.sqrt(
            np.maximum((d - ratio) / (d - 1), 0)
        ),
        "eigenvalue_variance": lambda ratio, d: np.maximum(1 / ratio - 1 / d, 0) / d,
        "isoscore": lambda ratio, d: (ratio - 1) / (d - 1),
        "isoscore_star": lambda ratio, d: (
            (_shrunk_ratio((1, 1 / ratio), (1, 1 / d), 1 / d, SHRINKAGE) - 1) / (d - 1)
        ),
    }
)


def participation_ratio(X: "npt.ArrayLike | Cluster") -> float:
    """Participation ratio: the number of axes along which a cluster extends.

    Of n points from an isotropic Gaussian it is near nd / (n + d), far below d unless n is large.

    Parameters
    ----------
    X
        (n, d) points as rows.

    Returns
    -------
    float
        Between 1 and min(d, n - 1); NaN if :attr:`Cluster.undefined`.
    """
    cluster = Cluster.of(X)
    if cluster.undefined:
        return np.nan
    total, squares = cluster.moments
    return total**2 / squares


def participation_ratio_corrected(X: "npt.ArrayLike | Cluster") -> float:
    """Participation ratio without the bias of few points.

    The ratio of the unbiased estimates of (tr Σ)² and tr Σ², for any distribution with fourth
    moments (Himeno and Yamada, J. Multivar. Anal. 130, 27 (2014)); the same idea as in Chun et al.,
    arXiv:2509.26560.

    Parameters
    ----------
    X
        (n, d) points as rows.

    Returns
    -------
    float
        Near the value of the distribution, but noisy for small n, where it may leave 1 to d and
        even be negative; NaN if :attr:`Cluster.undefined` or n < 4.
    """
    cluster = Cluster.of(X)
    if cluster.undefined or cluster.n < 4:
        return np.nan
    n = cluster.n
    total, squares = cluster.moments
    fourth = n / (n - 1) * cluster.mean_fourth_power
    numerator = 2 * squares + (n**2 - 3 * n + 1) * total**2 - n * fourth
    denominator = (n - 1) * (n - 2) * squares + total**2 - n * fourth
    return float(np.divide(numerator, denominator))


def fractional_anisotropy(X: "npt.ArrayLike | Cluster") -> float:
    """Fractional anisotropy as published, √(1 - PR/d): the highest is √((d - 1)/d).

    Parameters
    ----------
    X
        (n, d) points as rows.

    Returns
    -------
    float
        0 if isotropic; NaN if :attr:`Cluster.undefined` or d = 1.
    """
    return _from_ratio("fractional_anisotropy", X)


def fractional_anisotropy_normalised(X: "npt.ArrayLike | Cluster") -> float:
    """Fractional anisotropy from 0, isotropic, to 1, a line, in any dimension.

    √((d - PR)/(d - 1)), which at d = 3 is that of diffusion imaging (Basser and Pierpaoli, J. Magn.
    Reson. B 111, 209 (1996)).

    Parameters
    ----------
    X
        (n, d) points as rows.

    Returns
    -------
    float
        NaN if :attr:`Cluster.undefined` or d = 1.
    """
    return _from_ratio("fractional_anisotropy_normalised", X)


def eigenvalue_variance(X: "npt.ArrayLike | Cluster") -> float:
    """Variance of the eigenvalues divided by their sum, (1/PR - 1/d)/d.

    It falls with the dimension as 1/d: not to be compared across dimensions.

    Parameters
    ----------
    X
        (n, d) points as rows.

    Returns
    -------
    float
        From 0, isotropic, to (d - 1)/d²; NaN if :attr:`Cluster.undefined` or d = 1.
    """
    return _from_ratio("eigenvalue_variance", X)


def isoscore(X: "npt.ArrayLike | Cluster") -> float:
    """IsoScore of Rudman et al. (Findings of ACL, 2022), which is (PR - 1)/(d - 1).

    Parameters
    ----------
    X
        (n, d) points as rows.

    Returns
    -------
    float
        From 0, a line, to 1, isotropic; NaN if :attr:`Cluster.undefined` or d = 1.
    """
    return _from_ratio("isoscore", X)


def isoscore_star(
    X: "npt.ArrayLike | Cluster", *, shrinkage: float = SHRINKAGE, target: Floats | None = None
) -> float:
    """IsoScore* of Rudman and Eickhoff (ICLR 2024): IsoScore of a shrunk covariance.

    Parameters
    ----------
    X
        (n, d) points as rows.
    shrinkage
        Weight ζ of the target in (1 - ζ) C + ζ C₀.
    target
        Covariance C₀ in the coordinates of X, say that of all clusters pooled; by default the
        isotropic one with the trace of C, so that the measure does not depend on the scale.

    Returns
    -------
    float
        From 0 to 1, isotropic; NaN if :attr:`Cluster.undefined` or d = 1.
    """
    cluster = Cluster.of(X)
    if cluster.undefined or cluster.d == 1:
        return np.nan
    total, squares = cluster.moments
    if target is None:
        of_target, product = (total, total**2 / cluster.d), total**2 / cluster.d
    else:
        of_target = float(np.trace(target)), float((target**2).sum())
        sums = (np.einsum("ni,ni->", rows @ target, rows) for rows in cluster.centred())
        product = float(sum(sums)) / (cluster.n - 1)
    ratio = _shrunk_ratio((total, squares), of_target, product, shrinkage)
    return float((ratio - 1) / (cluster.d - 1))


def effective_rank(X: "npt.ArrayLike | Cluster") -> float:
    """Effective rank of Roy and Vetterli (EUSIPCO 2007): exp of the entropy of σ/Σσ.

    σ are the singular values of the centred points, not the eigenvalues of their covariance.

    Parameters
    ----------
    X
        (n, d) points as rows.

    Returns
    -------
    float
        Between 1 and the rank; NaN if :attr:`Cluster.undefined`.
    """
    cluster = Cluster.of(X)
    if cluster.undefined:
        return np.nan
    return float(entropy_rank(cluster.singular_values))


def entropy_rank(singular_values: Floats) -> Floats:
    """Return exp of the entropy of positive numbers (..., k) divided by their sum, (...)."""
    shares = singular_values / singular_values.sum(axis=-1, keepdims=True)
    return np.asarray(np.exp(-(shares * np.log(shares)).sum(axis=-1)))


def mean_cosine(X: "npt.ArrayLike | Cluster") -> float:
    """Mean cosine of the angle between two points as seen from the origin, not the centre.

    Parameters
    ----------
    X
        (n, d) points as rows. Points at the origin are left out.

    Returns
    -------
    float
        0 if the points stand in all directions alike; NaN for fewer than two points.
    """
    cluster = Cluster.of(X)
    total, count = np.zeros_like(cluster.centre), 0
    for rows in cluster.centred():
        points = rows + cluster.centre
        lengths = np.linalg.norm(points, axis=1)
        away = lengths > 0
        total += (points[away] / lengths[away, None]).sum(axis=0)
        count += int(away.sum())
    if count < 2:
        return np.nan
    return float((total @ total - count) / (count * (count - 1)))


def _from_ratio(measure: str, X: "npt.ArrayLike | Cluster") -> float:
    """Return a measure where there is more than one dimension to compare."""
    cluster = Cluster.of(X)
    if cluster.undefined or cluster.d == 1:
        return np.nan
    return float(FROM_RATIO[measure](np.array(participation_ratio(cluster)), cluster.d))


def _shrunk_ratio(moments: Any, target: Any, product: Any, shrinkage: float) -> Any:
    """Participation ratio of (1 - ζ) C + ζ C₀ from tr and tr² of C and C₀, and tr C C₀."""
    keep = 1 - shrinkage
    total = keep * moments[0] + shrinkage * target[0]
    squares = keep**2 * moments[1] + 2 * keep * shrinkage * product + shrinkage**2 * target[1]
    return total**2 / squares
