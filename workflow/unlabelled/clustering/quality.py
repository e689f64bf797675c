"""Whether clusters are real: agreement, stability, separation, evenness of sizes."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from sklearn.metrics import adjusted_rand_score, davies_bouldin_score, silhouette_score

from unlabelled.clustering.k_means import Labels
from unlabelled.clustering.kernels import Features

_SILHOUETTE_OF = 2000  # points, since its cost is quadratic


def agreement(first: Labels, second: Labels) -> float:
    """Return the adjusted Rand index of two clusterings: 1 if equal, near 0 if unrelated."""
    return float(adjusted_rand_score(first, second))


def stability(clusterings: Sequence[Labels]) -> float:
    """Return the mean agreement of all pairs of clusterings, NaN if there is but one."""
    pairs = [agreement(*pair) for pair in combinations(clusterings, 2)]
    return float(np.mean(pairs)) if pairs else np.nan


def separation(space: Features, labels: Labels, seed: int) -> dict[str, float]:
    """Silhouette and Davies-Bouldin index of a clustering.

    Parameters
    ----------
    space
        (n, d).
    labels
        (n,).
    seed
        Of the 2,000 points the silhouette is taken of.

    Returns
    -------
    dict
        ``silhouette``, from -1 to 1, high for separate clusters; ``davies_bouldin``, low for them.
        NaN for one cluster.
    """
    if len(np.unique(labels)) < 2:
        return {"silhouette": np.nan, "davies_bouldin": np.nan}
    chosen = np.arange(len(labels))
    if len(labels) > _SILHOUETTE_OF:
        chosen = np.random.default_rng(seed).choice(len(labels), _SILHOUETTE_OF, replace=False)
    several = 1 < len(np.unique(labels[chosen])) < len(chosen)
    silhouette = silhouette_score(space[chosen], labels[chosen]) if several else np.nan
    return {
        "silhouette": float(silhouette),
        "davies_bouldin": float(davies_bouldin_score(space, labels)),
    }


def evenness(labels: Labels, k: int) -> dict[str, float]:
    """Evenness of the sizes of k clusters, empty ones included.

    Parameters
    ----------
    labels
        (n,) from 0 to k - 1.
    k
        Number of clusters.

    Returns
    -------
    dict
        ``size_sd``, standard deviation of the sizes (ddof 1), as in the study; ``size_sd_random``,
        that over √(n/k), which is near 1 if points are assigned at random; ``size_entropy``, from
        0, one cluster, to 1, equal sizes.
    """
    sizes = np.bincount(labels, minlength=k)
    shares = sizes[sizes > 0] / sizes.sum()
    sd = float(sizes.std(ddof=1))
    return {
        "size_sd": sd,
        "size_sd_random": sd / np.sqrt(sizes.sum() / k),
        "size_entropy": float(-(shares * np.log(shares)).sum() / np.log(k)),
    }
