"""Isotropy of the clusters of a representation under a kernel, and whether they are real."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from unlabelled import seeds as streams
from unlabelled.clustering import quality
from unlabelled.clustering.k_means import Labels, spaces
from unlabelled.clustering.kernels import Features
from unlabelled.isotropy.bootstrap import intervals
from unlabelled.isotropy.measures import Implementation, clusters
from unlabelled.isotropy.rows import MEASURED, rows_of
from unlabelled.tables import field

ISOTROPY = pa.schema(
    [
        field("representation", pa.string(), "representation"),
        field("kernel", pa.string(), "scaling and kernel approximation"),
        field("k", pa.int8(), "number of clusters"),
        field("kernel_seed", pa.int8(), "seed of the kernel approximation"),
        field("k_means_seed", pa.int8(), "seed of k-means"),
        *MEASURED,
        field("low", pa.float64(), "lower end of the bootstrapped 95 % interval, if asked for"),
        field("high", pa.float64(), "upper end"),
        field("n", pa.int32(), "points"),
        field("d", pa.int32(), "dimensions in which clusters were made and measured"),
        field("ari_to_plain", pa.float64(), "agreement with the clustering without a kernel"),
        field("stability_kernel", pa.float64(), "mean agreement over seeds of the kernel"),
        field("stability_k_means", pa.float64(), "mean agreement over seeds of k-means"),
        field("silhouette", pa.float64(), "mean silhouette of 2,000 points"),
        field("davies_bouldin", pa.float64(), "Davies-Bouldin index"),
        field("size_sd", pa.float64(), "standard deviation of cluster sizes", "points"),
        field("size_sd_random", pa.float64(), "that over its value for random clusters"),
        field("size_entropy", pa.float64(), "entropy of cluster sizes over its maximum"),
    ]
)


def measure_clusterings(
    features: Features,
    kernel: Mapping[str, Any],
    clusterings: pd.DataFrame,
    plain: pd.DataFrame,
    *,
    measures: Mapping[Implementation, Sequence[str]],
    seeds: Sequence[int],
    bootstrap_k: Sequence[int],
    bootstrap_draws: int,
    seed: int,
) -> pd.DataFrame:
    """Measure all clusterings of a representation under a kernel.

    Parameters
    ----------
    features
        (n, d) representation.
    kernel, seeds, seed
        As of :func:`unlabelled.clustering.k_means.spaces`, with which the clusterings were made.
    clusterings
        Those under the kernel, a row per composition in the order of `features`, k and seeds.
    plain
        Those of the features that were scaled alike, without a kernel.
    measures
        Names of measures by implementation; the published ones are taken for the first seeds.
    bootstrap_k
        Numbers of clusters at which intervals are bootstrapped, for the first seeds.
    bootstrap_draws
        Draws of each.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`ISOTROPY` without ``representation`` and ``kernel``.
    """
    labels, plain_labels = _by_seeds(clusterings), _by_seeds(plain)
    stability = _stability(labels, seeds[0])
    rows = []
    for kernel_seed, _, space, points in spaces(features, kernel, seeds, seed=seed):
        for k, start in [(k, start) for k, drawn, start in labels if drawn == kernel_seed]:
            assigned = labels[k, kernel_seed, start]
            chosen = streams.integer(seed, "silhouette", k, kernel_seed, start) % 2**32
            shared = {
                "k": k,
                "kernel_seed": kernel_seed,
                "k_means_seed": start,
                "n": len(space),
                "d": space.shape[1],
                "ari_to_plain": quality.agreement(assigned, plain_labels[k, seeds[0], start]),
                **stability[k],
                **quality.separation(points, assigned, chosen),
                **quality.evenness(assigned, k),
            }
            of_points = clusters(points, assigned, space.shape[1])
            ends: dict[str, dict[str, float]] = {}
            first = kernel_seed == start == seeds[0]
            if first and k in bootstrap_k:
                drawn = intervals(
                    of_points, measures["corrected"], draws=bootstrap_draws, seed=chosen
                )
                ends = {name: {"low": end.low, "high": end.high} for name, end in drawn.items()}
            rows += [
                row | shared | ends.get(row["measure"], {})
                for row in rows_of(of_points, {"corrected": measures["corrected"]}, seed=seed)
            ]
            if first:  # in the coordinates of the space, on which published directions depend
                of_space = clusters(space, assigned)
                rows += [
                    row | shared
                    for row in rows_of(of_space, {"published": measures["published"]}, seed=seed)
                ]
    return pd.DataFrame(
        rows, columns=[c for c in ISOTROPY.names if c not in ("representation", "kernel")]
    )


def _by_seeds(clusterings: pd.DataFrame) -> dict[tuple[int, int, int], Labels]:
    """Labels by number of clusters, seed of the kernel and seed of k-means."""
    found = {}
    for _, part in clusterings.groupby(["k", "kernel_seed", "k_means_seed"]):
        k, kernel_seed, start = part[["k", "kernel_seed", "k_means_seed"]].to_numpy()[0].tolist()
        found[k, kernel_seed, start] = part["cluster"].to_numpy(dtype=int)
    return found


def _stability(
    labels: Mapping[tuple[int, int, int], Labels], first: int
) -> dict[int, dict[str, float]]:
    """Stability by number of clusters, over each seed while the other stays at the first."""
    return {
        k: {
            "stability_kernel": quality.stability(
                [found for (n, _, start), found in labels.items() if n == k and start == first]
            ),
            "stability_k_means": quality.stability(
                [found for (n, kernel, _), found in labels.items() if n == k and kernel == first]
            ),
        }
        for k in {k for k, _, _ in labels}
    }
