"""Measures from the partition function Z(a) = Σ exp(a·x) of a cluster along directions a.

Points are centred and divided by their mean distance to the centre; isotropic means that Z is
nearly the same along every unit vector a (Arora et al., TACL 4, 385 (2016); Mu and Viswanath, ICLR
2018), and the measure is the smallest Z over the largest. By Jensen's inequality no Z is below n.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from unlabelled.isotropy.cluster import Cluster, Floats

N_DIRECTIONS = 1000  # as published
_SAFE = 600.0  # exponent; n terms of it stay below the largest number
_STARTS = 8
_STEPS = 200
_CONVERGED = 1e-12


def i_vec(X: "npt.ArrayLike | Cluster", *, exact: bool = False) -> float:
    """Isotropy along the principal axes, each in both directions.

    Parameters
    ----------
    X
        (n, d) points as rows.
    exact
        Look for the largest Z on the whole sphere: from the best axes, follow a ← ∇Z/|∇Z|, which
        never lowers Z since Z is convex. The smallest Z is still that of the axes.

    Returns
    -------
    float
        Between 0 and 1, 1 if isotropic; NaN if :attr:`Cluster.undefined`. Where the points span
        fewer than d dimensions, the smallest Z is n.
    """
    cluster = Cluster.of(X)
    if cluster.undefined:
        return np.nan
    scaled = (block / cluster.mean_distance for block in cluster.projections())
    logs = log_partition(scaled)
    least = logs.min() if cluster.rank == cluster.d else np.log(cluster.n)
    most = _largest(cluster, logs) if exact else logs.max()
    return float(np.exp(least - most))


def i_rnd(
    X: "npt.ArrayLike | Cluster", *, n_directions: int = N_DIRECTIONS, seed: int = 0
) -> float:
    """Isotropy along random directions, uniform on the sphere, and their opposites.

    In many dimensions random directions miss the axes that matter: :func:`i_vec` does not.

    Parameters
    ----------
    X
        (n, d) points as rows.
    n_directions
        Number of directions, opposites not counted.
    seed
        Seed of the directions.

    Returns
    -------
    float
        Between 0 and 1, 1 if isotropic; NaN if :attr:`Cluster.undefined`.
    """
    cluster = Cluster.of(X)
    if cluster.undefined:
        return np.nan
    random, coordinates = np.random.default_rng(seed), cluster.points.shape[1]
    directions = random.standard_normal((coordinates, n_directions))
    squares = (directions**2).sum(axis=0)
    if coordinates < cluster.d:  # what is left of a direction in the subspace of the points
        squares += random.chisquare(cluster.d - coordinates, n_directions)
    directions /= np.sqrt(squares) * cluster.mean_distance
    logs = log_partition(rows @ directions for rows in cluster.centred())
    return float(np.exp(logs.min() - logs.max()))


def log_partition(blocks: Iterable[Floats]) -> Floats:
    """Logarithm of the partition function along directions and their opposites.

    Parameters
    ----------
    blocks
        Blocks of rows (points) of a table of scaled projections, one column per direction.

    Returns
    -------
    numpy.ndarray
        (2, directions), the opposites second. Without overflow, however far an outlier.
    """
    total: Floats | None = None
    peak: Floats | None = None
    for block in blocks:
        highest = np.stack([block.max(axis=0), -block.min(axis=0)])
        if total is None or peak is None:
            peak = total = np.zeros_like(highest)
        # an exponent is taken out only where exp or its inverse could overflow
        raised = np.where(highest > _SAFE, np.maximum(peak, highest), peak)
        total = total * np.exp(peak - raised)
        peak = raised
        if peak.any():
            total[0] += np.exp(block - peak[0]).sum(axis=0)
            total[1] += np.exp(-block - peak[1]).sum(axis=0)
        else:
            exponentials = np.exp(block)
            total[0] += exponentials.sum(axis=0)
            total[1] += np.reciprocal(exponentials, out=exponentials).sum(axis=0)
    if total is None or peak is None:
        raise ValueError("no points")
    return np.asarray(peak + np.log(total))


def _largest(cluster: Cluster, logs: Floats) -> float:
    """Logarithm of the largest Z that is found from the axes with the largest."""
    sign, axis = np.unravel_index(np.argsort(logs, axis=None)[::-1][:_STARTS], logs.shape)
    points = np.concatenate(list(cluster.projections())) / cluster.mean_distance
    directions = np.zeros((points.shape[1], len(axis)))
    directions[axis, range(len(axis))] = 1 - 2 * sign
    value = logs.max()
    for _ in range(_STEPS):
        exponents = points @ directions
        weights = np.exp(exponents - exponents.max(axis=0))
        directions = points.T @ weights
        directions /= np.linalg.norm(directions, axis=0)
        higher = log_partition([points @ directions])[0].max()
        if higher - value <= _CONVERGED:
            break
        value = higher
    return float(max(value, higher))
