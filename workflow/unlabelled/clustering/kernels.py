"""Kernel approximations: maps to features whose inner products approximate a kernel."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh
from scipy.spatial.distance import pdist
from sklearn.kernel_approximation import (
    AdditiveChi2Sampler,
    Nystroem,
    RBFSampler,
    SkewedChi2Sampler,
)
from sklearn.preprocessing import MinMaxScaler, StandardScaler

Features = npt.NDArray[np.floating[Any]]

#: Maps that draw random numbers, so that they have a seed.
RANDOM = frozenset({"rbf", "nystroem", "skewed_chi2", "random_projection"})

_BLOCK = 4096  # points at a time
_NEGLIGIBLE = 1e-10
_PAIRS_OF = 2000  # points, for the median distance


def scaled(features: Features, scaling: str) -> Features:
    """Scale the columns of a table of features.

    Parameters
    ----------
    features
        (n, d).
    scaling
        ``raw``: as they are; ``standardised``: mean 0 and standard deviation 1; ``unit``: from 0 to
        1. A column that does not vary becomes 0.

    Returns
    -------
    numpy.ndarray
        (n, d), of the precision of `features`; itself if ``raw``.
    """
    if scaling == "raw":
        return features
    scaler = {"standardised": StandardScaler, "unit": MinMaxScaler}[scaling]()
    return np.asarray(scaler.fit_transform(features))


def approximate(features: Features, kernel: Mapping[str, Any], seed: int) -> Features:
    """Scale features and map them to those of a kernel.

    Parameters
    ----------
    features
        (n, d).
    kernel
        ``scaling`` as of :func:`scaled`; ``map``, one of ``none``, ``rbf`` (random Fourier
        features), ``nystroem`` (of the same kernel), ``skewed_chi2``, ``additive_chi2``,
        ``random_projection``; and its options: ``gamma`` of exp(-γ r²), a number or ``median`` (see
        :func:`median_gamma`); ``components``, the number of features made; ``skewedness``;
        ``steps`` of sampling; ``scale`` as of :func:`random_projection`.
    seed
        Of the map.

    Returns
    -------
    numpy.ndarray
        (n, features made).

    Raises
    ------
    ValueError
        If a χ² kernel is given numbers below zero.
    """
    points = scaled(features, kernel["scaling"])
    name = kernel["map"]
    if name == "none":
        return points
    if name == "random_projection":
        return random_projection(points, kernel["components"], kernel["scale"], seed)
    if name == "additive_chi2":
        return np.asarray(AdditiveChi2Sampler(sample_steps=kernel["steps"]).fit_transform(points))
    options = {"n_components": kernel["components"], "random_state": seed}
    if name == "skewed_chi2":
        sampler = SkewedChi2Sampler(skewedness=kernel["skewedness"], **options)
        return np.asarray(sampler.fit_transform(points))
    gamma = median_gamma(points, seed) if kernel["gamma"] == "median" else kernel["gamma"]
    sampler = {"rbf": RBFSampler, "nystroem": Nystroem}[name](gamma=gamma, **options)
    return np.asarray(sampler.fit_transform(points))


def compact(points: Features) -> Features:
    """Give points in coordinates of the subspace that holds them.

    Statistics of element properties depend on each other: those of jarvis have 1,752 columns and
    rank 750. Distances, angles and the origin stay, so clusters and their shape do too.

    Parameters
    ----------
    points
        (n, d).

    Returns
    -------
    numpy.ndarray
        (n, r), of the precision of `points`: on the longest principal axes through the origin,
        without those that share 1e-10 of the sum of squares.
    """
    gram = np.zeros((points.shape[1],) * 2)
    blocks = np.array_split(points, len(points) // _BLOCK + 1)
    for block in blocks:
        rows = block.astype(np.float64)
        gram += rows.T @ rows
    squares, axes = eigh(gram)
    kept = np.cumsum(np.maximum(squares, 0)) > _NEGLIGIBLE * max(np.trace(gram), 0)
    if kept.all():
        return points
    axes = axes[:, kept][:, ::-1] if kept.any() else axes[:, -1:]
    return np.concatenate([(block @ axes).astype(points.dtype) for block in blocks])


def median_gamma(points: Features, seed: int) -> float:
    """Return 1/(2 m²), m the median distance of pairs of at most 2,000 of the points."""
    chosen = points
    if len(points) > _PAIRS_OF:
        rows = np.random.default_rng(seed).choice(len(points), _PAIRS_OF, replace=False)
        chosen = points[np.sort(rows)]
    return float(1 / (2 * np.median(pdist(chosen)) ** 2))


def random_projection(points: Features, components: int, scale: str, seed: int) -> Features:
    """Project on random Gaussian directions.

    Parameters
    ----------
    points
        (n, d).
    components
        Number of directions D.
    scale
        Standard deviation of the entries: ``1/D`` (the study's) or ``1/sqrt(D)``, which keeps
        distances.
    seed
        Of the directions.

    Returns
    -------
    numpy.ndarray
        (n, D).
    """
    width = components if scale == "1/D" else np.sqrt(components)
    directions = np.random.default_rng(seed).standard_normal((points.shape[1], components))
    return np.asarray(points @ (directions / width).astype(points.dtype))
