"""How far a measure of a clustering would move with other points."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from unlabelled.isotropy.cluster import Cluster
from unlabelled.isotropy.measures import Implementation, clusters, isotropy_of

DRAWS = 100


class Interval(NamedTuple):
    """An interval of a measure.

    Attributes
    ----------
    low, high
        Its ends.
    sd
        Standard deviation over the resampled clusterings.
    """

    low: float
    high: float
    sd: float


def bootstrap(
    X: npt.ArrayLike,
    labels: npt.ArrayLike | None = None,
    measure: str = "i_vec",
    implementation: Implementation = "corrected",
    *,
    draws: int = DRAWS,
    level: float = 0.95,
    seed: int = 0,
    **options: Any,
) -> Interval:
    """Return the interval of a measure over resampled points.

    Points are drawn with replacement within every cluster; the clusters themselves stay. The
    interval is normal and centred on the value: a resampled cluster holds fewer distinct points,
    which moves most measures, so percentiles would stand beside the value.

    Parameters
    ----------
    X, labels, measure, implementation, **options
        As of :func:`unlabelled.isotropy.measures.isotropy`.
    draws
        Number of resampled clusterings, at least 2.
    level
        Coverage of the interval.
    seed
        Of the draws.

    Returns
    -------
    Interval
        NaN if the measure is undefined.
    """
    found = intervals(
        clusters(X, labels),
        [measure],
        implementation,
        draws=draws,
        level=level,
        seed=seed,
        **options,
    )
    return found[measure]


def intervals(
    clustering: Sequence[tuple[Any, Cluster]],
    measures: Sequence[str],
    implementation: Implementation = "corrected",
    *,
    draws: int = DRAWS,
    level: float = 0.95,
    seed: int = 0,
    **options: Any,
) -> dict[str, Interval]:
    """Return the intervals of several measures over the same resampled points.

    Parameters
    ----------
    clustering
        What :func:`unlabelled.isotropy.measures.clusters` returned.
    measures
        Names of measures.
    implementation, draws, level, seed, **options
        As of :func:`bootstrap`.

    Returns
    -------
    dict
        Interval by measure.
    """
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        resampled = [
            (label, Cluster(cluster.points[random.integers(cluster.n, size=cluster.n)], cluster.d))
            for label, cluster in clustering
        ]
        drawn.append(
            [float(isotropy_of(resampled, name, implementation, **options)) for name in measures]
        )
    width = float(norm.ppf((1 + level) / 2))
    found = {}
    for name, values in zip(measures, np.transpose(drawn), strict=True):
        value = float(isotropy_of(clustering, name, implementation, **options))
        sd = float(np.nanstd(values, ddof=1)) if np.isfinite(value) else np.nan
        found[name] = Interval(value - width * sd, value + width * sd, sd)
    return found
