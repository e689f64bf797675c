"""The measures as the authors released them, faults included.

After the formulas in the code of Durdy et al. (arXiv:2305.16372; lrcfmd/Isotropy_measurements,
April 2023). The sums over points are one matrix product instead of two loops in Python; nothing
else differs. Where the released code stops with an error (one point, identical points, one
dimension, a decomposition that does not converge), these return NaN.

- :func:`i_vec` takes one sign of every axis, and that sign is LAPACK's choice: it changes under
  reflection and rotation.
- :func:`i_rnd` divides each *row* of the (d, S) table of directions by its norm, so directions are
  not unit vectors but of length √(d/S) or so, and draws them from the positive orthant.
- :func:`fractional_anisotropy` has no factor √(d/(d - 1)).
- exp overflows without the usual subtraction of the largest exponent.
"""

import numpy as np
import numpy.typing as npt

from unlabelled.isotropy.cluster import Floats
from unlabelled.isotropy.partition import N_DIRECTIONS

_ROWS = 128  # at a time: they stay in the cache


def i_vec(X: npt.ArrayLike) -> float:
    """Isotropy along one sign of every left singular vector of XᵀX.

    Parameters
    ----------
    X
        (n, d) points as rows.

    Returns
    -------
    float
        NaN for one point, identical points, or where LAPACK finds no singular vectors, as happens
        with far fewer points than dimensions.
    """
    scaled = _scaled(X)
    if not np.isfinite(scaled).all():
        return np.nan
    try:
        axes = np.linalg.svd(scaled.T @ scaled)[0]
    except np.linalg.LinAlgError:
        return np.nan
    return partition(scaled, axes)


def i_rnd(X: npt.ArrayLike, *, n_directions: int = N_DIRECTIONS, seed: int = 0) -> float:
    """Isotropy along random directions.

    Parameters
    ----------
    X
        (n, d) points as rows.
    n_directions
        Number of directions; their length depends on it.
    seed
        Seed of the directions (the released code has none).

    Returns
    -------
    float
        NaN for one point or identical points.
    """
    scaled = _scaled(X)
    return partition(scaled, random_directions(scaled.shape[1], n_directions, seed))


def random_directions(d: int, n_directions: int, seed: int) -> Floats:
    """Return what the released code takes for unit vectors, (d, n_directions), as columns.

    They are positive, and their rows have length 1 (B1, B2).
    """
    directions = np.random.default_rng(seed).random((d, n_directions))
    normalised: Floats = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    return normalised


def fractional_anisotropy(X: npt.ArrayLike) -> float:
    """Return √(variance / mean of squares) of the normalised eigenvalues of the covariance.

    Parameters
    ----------
    X
        (n, d) points as rows.

    Returns
    -------
    float
        NaN for one point, identical points or one dimension.
    """
    shares = _normalised_eigenvalues(X)
    return float(np.sqrt(shares.var() / (shares**2).mean()))


def eigenvalue_variance(X: npt.ArrayLike) -> float:
    """Return the population variance of the eigenvalues of the covariance divided by their sum.

    Parameters
    ----------
    X
        (n, d) points as rows.

    Returns
    -------
    float
        NaN for one point, identical points or one dimension.
    """
    return float(_normalised_eigenvalues(X).var())


def _scaled(X: npt.ArrayLike) -> Floats:
    """Points minus their mean, divided by the mean of their norms."""
    points = np.asarray(X, dtype=np.float64)
    centred = points - points.mean(axis=0)
    with np.errstate(invalid="ignore"):
        return np.asarray(centred / np.linalg.norm(centred, axis=1).mean())


def partition(scaled: Floats, directions: Floats) -> float:
    """Return the smallest over the largest partition function.

    Parameters
    ----------
    scaled
        (n, d) points, centred and scaled.
    directions
        (d, directions) as columns.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        partition = sum(
            np.exp(rows @ directions).sum(axis=0)
            for rows in np.array_split(scaled, len(scaled) // _ROWS + 1)
        )
        return float(partition.min() / partition.max())


def _normalised_eigenvalues(X: npt.ArrayLike) -> Floats:
    points = np.asarray(X, dtype=np.float64)
    n, d = points.shape
    if n == 1 or d == 1:
        return np.full(d, np.nan)
    eigenvalues = np.linalg.eigvalsh(np.cov(points, rowvar=False))
    with np.errstate(invalid="ignore"):
        return np.asarray(eigenvalues / eigenvalues.sum())
