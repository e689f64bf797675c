"""Arms compared on the same label subsets."""

import logging
from collections.abc import Iterable
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import bootstrap

from unlabelled import seeds
from unlabelled.label_masking.schema import PAIRED, SUMMARY

log = logging.getLogger(__name__)

MIN_PAIRS = 3  # fewer differences say nothing about their spread
RESAMPLES = 9999

_CELL = ["task", "head", "n_labels"]
_FIT = ["task", "arm", "arm_seed", "head", "n_labels", "draw"]


def paired(
    results: pd.DataFrame, comparisons: Iterable[tuple[str, str]], *, seed: int
) -> pd.DataFrame:
    """Mean difference in test MAE between two arms, with its bootstrap interval.

    Encoder seeds of different arms do not correspond, so the MAE is averaged over the encoder seeds
    of an arm within a draw, and the averages are paired by draw. The percentile interval resamples
    draws: it speaks of other label subsets for these encoders, not of other encoders.

    Parameters
    ----------
    results
        Columns of :data:`unlabelled.label_masking.schema.RESULTS`.
    comparisons
        Pairs (arm, reference).
    seed
        The seed of the configuration.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`unlabelled.label_masking.schema.PAIRED`, one row per comparison, task,
        head and number of labels that both arms have. The interval is NaN below three pairs.

    Raises
    ------
    ValueError
        If the results are empty or have a fit twice, an arm is not among them, or arms were trained
        on different labels under the same task, number of labels and draw.
    """
    _check(results)
    by_draw = results.groupby(["arm", *_CELL, "draw"])["mae"].mean().reset_index()
    rows = []
    for arm, reference in comparisons:
        pairs = _select(by_draw, arm).merge(
            _select(by_draw, reference), on=[*_CELL, "draw"], suffixes=("_arm", "_reference")
        )
        if pairs.empty:
            log.warning("%s and %s have no label subset in common", arm, reference)
        for group, cell in pairs.groupby(_CELL):
            task, head, n_labels = cast("tuple[str, str, int]", group)
            differences = (cell["mae_arm"] - cell["mae_reference"]).to_numpy(dtype=np.float64)
            key = ("label_masking", "paired", arm, reference, task, head, int(n_labels))
            low, high = _interval(differences, seeds.generator(seed, *key))
            mean_reference = float(cell["mae_reference"].mean())
            rows.append(
                {
                    "task": task,
                    "arm": arm,
                    "reference": reference,
                    "head": head,
                    "n_labels": n_labels,
                    "n_pairs": len(cell),
                    "mean_arm": float(cell["mae_arm"].mean()),
                    "mean_reference": mean_reference,
                    "difference": float(differences.mean()),
                    "low": low,
                    "high": high,
                    "relative": float(differences.mean()) / mean_reference,
                }
            )
    return pd.DataFrame(rows, columns=PAIRED.names)


def summary(results: pd.DataFrame) -> pd.DataFrame:
    """Describe the test MAE of every arm, head and number of labels.

    Parameters
    ----------
    results
        Columns of :data:`unlabelled.label_masking.schema.RESULTS`.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`unlabelled.label_masking.schema.SUMMARY`, over all draws and encoder seeds
        of a cell; the standard deviation divides by n − 1 and is NaN for a single fit.

    Raises
    ------
    ValueError
        As in :func:`paired`.
    """
    _check(results)
    table = results.groupby(["task", "arm", "head", "n_labels"], as_index=False).agg(
        n_draws=("draw", "nunique"),
        n_encoder_seeds=("arm_seed", "nunique"),
        median=("mae", "median"),
        mean=("mae", "mean"),
        sd=("mae", "std"),
        min=("mae", "min"),
        max=("mae", "max"),
    )
    columns: list[str] = SUMMARY.names
    return table[columns]


def _interval(
    differences: NDArray[np.float64], generator: np.random.Generator
) -> tuple[float, float]:
    """95 % percentile interval of the mean; BCa is undefined where all differences are equal."""
    if len(differences) < MIN_PAIRS:
        return float("nan"), float("nan")
    interval = bootstrap(
        (differences,), np.mean, n_resamples=RESAMPLES, method="percentile", rng=generator
    ).confidence_interval
    return float(interval.low), float(interval.high)


def _select(by_draw: pd.DataFrame, arm: str) -> pd.DataFrame:
    rows = by_draw[by_draw["arm"] == arm].drop(columns="arm")
    if rows.empty:
        raise ValueError(f"the results hold no arm {arm!r}, only {sorted(set(by_draw['arm']))}")
    return rows


def _check(results: pd.DataFrame) -> None:
    if results.empty:
        raise ValueError("the label-masking results are empty")
    twice = results.duplicated(_FIT)
    if twice.any():
        first = _described(_FIT, results.loc[twice, _FIT].iloc[0])
        raise ValueError(f"the label-masking results hold a fit twice: {first}")
    subset = ["task", "n_labels", "draw"]
    digests = results.groupby(subset)["label_ids_digest"].nunique().reset_index()
    mixed = digests["label_ids_digest"] > 1
    if mixed.any():
        first = _described(subset, digests.loc[mixed, subset].iloc[0])
        raise ValueError(f"arms were trained on different labels: {first}")


def _described(names: list[str], values: Iterable[object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))
