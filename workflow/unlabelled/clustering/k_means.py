"""Clusterings of a collection of compositions: every number of clusters, every seed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from sklearn.cluster import KMeans

from unlabelled import seeds as streams
from unlabelled.clustering.kernels import RANDOM, Features, approximate, compact
from unlabelled.tables import field

CLUSTERINGS = pa.schema(
    [
        field("row", pa.int32(), "row in the table of compositions"),
        field("k", pa.int8(), "number of clusters"),
        field("kernel_seed", pa.int8(), "seed of the kernel approximation"),
        field("k_means_seed", pa.int8(), "seed of k-means"),
        field("cluster", pa.int8(), "cluster of the composition"),
    ]
)

Labels = npt.NDArray[np.int_]


def pairs_of_seeds(kernel: Mapping[str, Any], seeds: Sequence[int]) -> list[tuple[int, int]]:
    """Seeds of kernel and k-means: each varies while the other stays at the first.

    Parameters
    ----------
    kernel
        As of :func:`unlabelled.clustering.kernels.approximate`; one without random numbers has one
        seed.
    seeds
        Seeds, the first of which is the reference.
    """
    first, *others = seeds
    of_kernel = others if kernel["map"] in RANDOM else []
    return [(first, seed) for seed in seeds] + [(seed, first) for seed in of_kernel]


def spaces(
    features: Features, kernel: Mapping[str, Any], seeds: Sequence[int], *, seed: int
) -> Iterator[tuple[int, list[int], Features, Features]]:
    """Yield the spaces of a kernel one by one, with the seeds of k-means in it.

    Parameters
    ----------
    features
        (n, d) representation.
    kernel
        As of :func:`unlabelled.clustering.kernels.approximate`.
    seeds
        As of :func:`pairs_of_seeds`.
    seed
        The seed of the configuration.

    Yields
    ------
    tuple
        Seed of the kernel, seeds of k-means, features (n, d'), and the same points in fewer
        coordinates (:func:`unlabelled.clustering.kernels.compact`).
    """
    pairs = pairs_of_seeds(kernel, seeds)
    for kernel_seed in dict.fromkeys(pair[0] for pair in pairs):
        drawn = streams.integer(seed, "kernel", kernel_seed) % 2**32
        space = approximate(features, kernel, drawn)
        starts = [of_k_means for of_kernel, of_k_means in pairs if of_kernel == kernel_seed]
        yield kernel_seed, starts, space, compact(space)


def k_means(space: Features, k: int, k_means_seed: int, *, seed: int) -> Labels:
    """Cluster points by k-means, one start of k-means++.

    Parameters
    ----------
    space
        (n, d).
    k
        Number of clusters.
    k_means_seed
        Number of the start.
    seed
        The seed of the configuration.

    Returns
    -------
    numpy.ndarray
        (n,) integers from 0 to k - 1.
    """
    drawn = streams.integer(seed, "k_means", k, k_means_seed) % 2**32
    return np.asarray(KMeans(n_clusters=k, n_init=1, random_state=drawn).fit_predict(space))


def cluster(
    rows: Labels,
    features: Features,
    kernel: Mapping[str, Any],
    n_clusters: Sequence[int],
    seeds: Sequence[int],
    *,
    seed: int,
) -> pd.DataFrame:
    """Cluster a representation under a kernel.

    Parameters
    ----------
    rows
        (n,) rows of the table of compositions.
    features
        (n, d) representation of these.
    kernel, seeds, seed
        As of :func:`spaces`.
    n_clusters
        Numbers of clusters; those above n are left out.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`CLUSTERINGS`.
    """
    found = [
        pd.DataFrame(
            {
                "row": rows,
                "k": k,
                "kernel_seed": kernel_seed,
                "k_means_seed": start,
                "cluster": k_means(points, k, start, seed=seed),
            }
        )
        for kernel_seed, starts, _, points in spaces(features, kernel, seeds, seed=seed)
        for start in starts
        for k in n_clusters
        if k <= len(rows)
    ]
    return pd.concat(found, ignore_index=True).astype(
        {name: CLUSTERINGS.field(name).type.to_pandas_dtype() for name in CLUSTERINGS.names}
    )
