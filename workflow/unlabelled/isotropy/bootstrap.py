"""How far a measure of a clustering would move with other points."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from unlabelled.isotropy.measures import Implementation, isotropy

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
    points = np.asarray(X)
    assigned = np.zeros(len(points), int) if labels is None else np.asarray(labels)
    value = float(isotropy(points, assigned, measure, implementation, **options))
    members = [np.flatnonzero(assigned == label) for label in np.unique(assigned)]
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        rows = np.concatenate([random.choice(rows, len(rows)) for rows in members])
        resampled = isotropy(points[rows], assigned[rows], measure, implementation, **options)
        drawn.append(resampled.value)
    sd = float(np.nanstd(drawn, ddof=1)) if np.isfinite(value) else np.nan
    half = float(norm.ppf((1 + level) / 2)) * sd
    return Interval(value - half, value + half, sd)
