"""Arms, and methods (an arm with a head), compared on the same label subsets."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from unlabelled import seeds
from unlabelled.label_masking.schema import PAIRED, SUMMARY

log = logging.getLogger(__name__)

MIN_DRAWS = 3  # fewer differences say nothing about their spread
RESAMPLES = 9999

Method = tuple[str, str]  # arm and head

_FIT = ["task", "arm", "arm_seed", "head", "n_labels", "draw"]


def paired(
    results: pd.DataFrame, comparisons: Iterable[tuple[str, str]], *, seed: int
) -> pd.DataFrame:
    """Mean difference in test MAE between two arms under the same head, with its intervals.

    Arms are paired by draw; their encoders are taken as independent, though those of one seed start
    from the same weights. Intervals speak of other label subsets and, where an arm has several
    encoders, of other encoders, but not of other test crystals.

    The interval to judge by is Student's, with the variance that the components of a crossed design
    of encoders and draws add up to (Searle, Casella and McCulloch, *Variance Components*, 1992) and
    Satterthwaite's degrees of freedom (*Biometrics Bulletin* **2**, 110, 1946). In simulated
    studies of the sizes used here it covers the true difference in 89 to 99 of 100. The percentile
    bootstrap beside it resamples draws together and the encoders of each arm by themselves, n − 1
    of n (Rao and Wu, *J. Am. Stat. Assoc.* **83**, 231, 1988); it covers 74 to 80 of 100 with one
    encoder and 3 or 4 draws, and counts three times what is particular to one encoder with one
    draw.

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
        head and number of labels that both arms have. Intervals, standard error and the difference
        that could be detected are NaN below three draws.

    Raises
    ------
    ValueError
        If the results are empty or have a fit twice, an arm is not among them, or arms were trained
        on different labels under the same task, number of labels and draw.
    """
    _check(results)
    heads = results.groupby("arm")["head"].unique().map(list)
    pairs = []
    for arm, reference in comparisons:
        if absent := {arm, reference} - set(heads.index):
            raise ValueError(f"the results hold no arm {absent.pop()!r}, only {list(heads.index)}")
        shared = [head for head in heads[arm] if head in heads[reference]]
        if not shared:
            log.warning("%s and %s have no head in common", arm, reference)
        pairs += [((arm, head), (reference, head)) for head in shared]
    return _differences(results, pairs, seed)


def standing(results: pd.DataFrame, method: Sequence[str] | None, *, seed: int) -> pd.DataFrame:
    """Mean difference in test MAE between one method and every other, with its intervals.

    Parameters
    ----------
    results
        Columns of :data:`unlabelled.label_masking.schema.RESULTS`.
    method
        Arm and head; without, the table stays empty.
    seed
        The seed of the configuration.

    Returns
    -------
    pandas.DataFrame
        As :func:`paired` returns, one row per other method, task and number of labels.

    Raises
    ------
    ValueError
        As in :func:`paired`.
    """
    _check(results)
    if method is None:
        return pd.DataFrame(columns=PAIRED.names)
    arm, head = method
    methods = list(results[["arm", "head"]].drop_duplicates().itertuples(index=False, name=None))
    if (arm, head) not in methods:
        raise ValueError(f"the results hold no {arm} with {head}")
    pairs = [((arm, head), other) for other in methods if other != (arm, head)]
    return _differences(results, pairs, seed)


def summary(results: pd.DataFrame, n_unlabelled: Mapping[str, int]) -> pd.DataFrame:
    """Describe the test MAE of every arm, head and number of labels.

    Parameters
    ----------
    results
        Columns of :data:`unlabelled.label_masking.schema.RESULTS`.
    n_unlabelled
        Crystals on which the encoder of an arm was pre-trained; none for arms left out.

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
    table["n_unlabelled"] = table["arm"].map(n_unlabelled).fillna(0).astype(int)
    columns: list[str] = SUMMARY.names
    return table[columns]


def _differences(
    results: pd.DataFrame, pairs: Iterable[tuple[Method, Method]], seed: int
) -> pd.DataFrame:
    cells: dict[Any, pd.DataFrame] = {
        cell: fits.pivot_table(index="arm_seed", columns="draw", values="mae")
        for cell, fits in results.groupby(["arm", "head", "task", "n_labels"])
    }
    rows = []
    for method, reference in pairs:
        for arm, head, task, n_labels in list(cells):
            if (arm, head) != method or (*reference, task, n_labels) not in cells:
                continue
            of_arm, of_reference = (
                cells[(*one, task, n_labels)].dropna(axis=1) for one in (method, reference)
            )
            draws = of_arm.columns.intersection(of_reference.columns)
            if draws.empty:
                continue
            maes, reference_maes = of_arm[draws].to_numpy(), of_reference[draws].to_numpy()
            key = ("label_masking", "paired", *method, *reference, task, int(n_labels))
            resampled = _resampled(maes, reference_maes, seeds.generator(seed, *key))
            bootstrap_low, bootstrap_high = np.quantile(resampled, [0.025, 0.975])
            mean_reference = float(reference_maes.mean())
            difference = float(maes.mean()) - mean_reference
            error, freedom = _standard_error(maes, reference_maes)
            half_width = float(student.ppf(0.975, freedom)) * error
            # that far from zero, 80 of 100 studies find a difference at the 5 % level
            detectable = half_width + float(student.ppf(0.8, freedom)) * error
            rows.append(
                {
                    "task": task,
                    "arm": arm,
                    "reference": reference[0],
                    "head": head,
                    "reference_head": reference[1],
                    "n_labels": n_labels,
                    "n_draws": len(draws),
                    "n_encoders_arm": len(maes),
                    "n_encoders_reference": len(reference_maes),
                    "mean_arm": float(maes.mean()),
                    "mean_reference": mean_reference,
                    "difference": difference,
                    "low": difference - half_width,
                    "high": difference + half_width,
                    "relative": difference / mean_reference,
                    "standard_error": error,
                    "detectable": detectable,
                    "bootstrap_low": float(bootstrap_low),
                    "bootstrap_high": float(bootstrap_high),
                }
            )
    return pd.DataFrame(rows, columns=PAIRED.names)


def _standard_error(
    arm: NDArray[np.float64], reference: NDArray[np.float64]
) -> tuple[float, float]:
    """Return standard error and degrees of freedom of a difference of means."""
    n_draws = arm.shape[1]
    if n_draws < MIN_DRAWS:
        return np.nan, np.nan
    by_draw = arm.mean(axis=0) - reference.mean(axis=0)
    terms = [(by_draw.var(ddof=1) / n_draws, n_draws - 1)]  # variance and degrees of freedom
    for maes in (arm, reference):
        n = len(maes)
        if n == 1:
            continue  # the interval speaks of this encoder
        of_encoder = maes.mean(axis=1, keepdims=True)
        between = float(of_encoder.var(ddof=1)) / n
        # What is left once encoder and draw are taken off is in the first term already.
        rest = maes - of_encoder - maes.mean(axis=0) + maes.mean()
        freedom = (n - 1) * (n_draws - 1)
        within = float(np.square(rest).sum()) / freedom / maes.size
        if between > within:
            terms += [(between, n - 1), (-within, freedom)]
    variance = sum(term for term, _ in terms)
    squares = sum(term**2 / freedom for term, freedom in terms)
    return float(np.sqrt(variance)), max(variance**2 / squares, 1.0) if squares else np.inf


def _resampled(
    arm: NDArray[np.float64], reference: NDArray[np.float64], generator: np.random.Generator
) -> NDArray[np.float64]:
    """Bootstrap differences of the means of (encoders, draws) errors."""
    n_draws = arm.shape[1]
    if n_draws < MIN_DRAWS:
        return np.full(1, np.nan)

    def resampled(n: int) -> NDArray[np.float64]:
        size = max(n - 1, 1)
        return generator.multinomial(size, np.full(n, 1 / n), RESAMPLES) / size

    draws = resampled(n_draws)
    of_arm, of_reference = (
        np.einsum("be,ed,bd->b", resampled(len(maes)), maes, draws, optimize=True)
        for maes in (arm, reference)
    )
    return np.asarray(of_arm - of_reference)


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
