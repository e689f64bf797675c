"""Arms compared on the same label subsets."""

import logging
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unlabelled import seeds
from unlabelled.label_masking.schema import PAIRED, SUMMARY

log = logging.getLogger(__name__)

MIN_DRAWS = 3  # fewer differences say nothing about their spread
RESAMPLES = 9999

_CELL = ["task", "head", "n_labels"]
_FIT = ["task", "arm", "arm_seed", "head", "n_labels", "draw"]


def paired(
    results: pd.DataFrame, comparisons: Iterable[tuple[str, str]], *, seed: int
) -> pd.DataFrame:
    """Mean difference in test MAE between two arms, with its bootstrap interval.

    Arms are paired by draw. Encoder seeds of different arms do not correspond, so the percentile
    interval resamples the draws together and the encoders of each arm by themselves: it speaks of
    other label subsets and, where an arm has several encoders, of other encoders.

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
        head and number of labels that both arms have. The interval is NaN below three draws.

    Raises
    ------
    ValueError
        If the results are empty or have a fit twice, an arm is not among them, or arms were trained
        on different labels under the same task, number of labels and draw.
    """
    _check(results)
    cells: dict[tuple[Any, ...], pd.DataFrame] = {
        (arm, *cell): fits.pivot_table(index="arm_seed", columns="draw", values="mae")
        for (arm, *cell), fits in results.groupby(["arm", *_CELL])
    }
    arms = set(results["arm"])
    rows = []
    for arm, reference in comparisons:
        if absent := {arm, reference} - arms:
            raise ValueError(f"the results hold no arm {absent.pop()!r}, only {sorted(arms)}")
        shared = [cell for other, *cell in cells if other == arm and (reference, *cell) in cells]
        if not shared:
            log.warning("%s and %s have no label subset in common", arm, reference)
        for task, head, n_labels in shared:
            of_arm, of_reference = (cells[name, task, head, n_labels] for name in (arm, reference))
            draws = of_arm.dropna(axis=1).columns.intersection(of_reference.dropna(axis=1).columns)
            maes, reference_maes = of_arm[draws].to_numpy(), of_reference[draws].to_numpy()
            key = ("label_masking", "paired", arm, reference, task, head, int(n_labels))
            low, high = _interval(maes, reference_maes, seeds.generator(seed, *key))
            mean_reference = float(reference_maes.mean())
            difference = float(maes.mean()) - mean_reference
            rows.append(
                {
                    "task": task,
                    "arm": arm,
                    "reference": reference,
                    "head": head,
                    "n_labels": n_labels,
                    "n_draws": len(draws),
                    "n_encoders_arm": len(maes),
                    "n_encoders_reference": len(reference_maes),
                    "mean_arm": float(maes.mean()),
                    "mean_reference": mean_reference,
                    "difference": difference,
                    "low": low,
                    "high": high,
                    "relative": difference / mean_reference,
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
    arm: NDArray[np.float64], reference: NDArray[np.float64], generator: np.random.Generator
) -> tuple[float, float]:
    """95 % percentile interval of the difference of the means of (encoders, draws) errors."""
    n_draws = arm.shape[1]
    if n_draws < MIN_DRAWS:
        return float("nan"), float("nan")

    def resampled(n: int) -> NDArray[np.float64]:
        return generator.multinomial(n, np.full(n, 1 / n), RESAMPLES) / n

    draws = resampled(n_draws)
    of_arm, of_reference = (
        np.einsum("be,ed,bd->b", resampled(len(maes)), maes, draws, optimize=True)
        for maes in (arm, reference)
    )
    low, high = np.quantile(of_arm - of_reference, [0.025, 0.975])
    return float(low), float(high)


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
