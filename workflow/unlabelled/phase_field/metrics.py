"""How well models do on held-out fields, and which of two does better."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import t as student
from sklearn import metrics as scores

from unlabelled import seeds, tables
from unlabelled.phase_field.calibration import expected_calibration_error
from unlabelled.tables import field

METRICS = pa.schema(
    [
        field("property", pa.string(), "property that is predicted"),
        field("split", pa.string(), "what was held out"),
        field("model", pa.string(), "model"),
        field("repeat", pa.int16(), "partition that the fold is part of"),
        field("fold", pa.int16(), "fold held out"),
        field("held_out", pa.string(), "element or pair of elements held out, if any"),
        field("metric", pa.string(), "what was measured"),
        field("value", pa.float64(), "its value; none where it is not defined"),
        field("n", pa.int32(), "fields held out"),
    ]
)

COMPARISONS = pa.schema(
    [
        *(METRICS.field(name) for name in ("property", "split", "model")),
        field("reference", pa.string(), "model it is compared with"),
        field("metric", pa.string(), "what was measured"),
        field("difference", pa.float64(), "mean over folds; positive: the model is better"),
        field("low", pa.float64(), "lower end of the 95 % interval; none below three folds"),
        field("high", pa.float64(), "upper end"),
        field("folds", pa.int16(), "folds in which both are defined"),
        field("n", pa.int32(), "fields held out in these folds, all together"),
    ]
)

#: Whether larger is better. Coverage and width are missing: only both together say something.
LARGER_IS_BETTER = {
    "roc_auc": True,
    "roc_auc_hard": True,
    "average_precision": True,
    "accuracy": True,
    "f1": True,
    "brier": False,
    "expected_calibration_error": False,
    "mae": False,
    "rmse": False,
    "r2": True,
}

_OF_ORDER = ("roc_auc", "roc_auc_hard", "average_precision", "f1")  # not of one class
_OF_PROBABILITY = ("accuracy", "brier", "expected_calibration_error")

FEWEST_FOLDS = 3  # fewer differences say nothing about their spread
RESAMPLES = 9999

_FOLD = ["repeat", "fold", "held_out"]


def measure(
    predictions: pd.DataFrame, *, property_name: str, split: str, model: str
) -> pd.DataFrame:
    """Measure the predictions of the fields held out, fold by fold.

    ``roc_auc_hard`` is that of the labels instead of the probabilities, as the authors report it:
    the mean of the shares of fields that are right, of either class (balanced accuracy). A field is
    labelled as above the threshold if its probability is more than one half. ``coverage`` is the
    share of values within their intervals, ``width`` the median of these.

    Parameters
    ----------
    predictions
        Columns of :func:`unlabelled.phase_field.prediction.schema`.
    property_name, split, model
        Go into the columns of these names.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`METRICS`. NaN where a metric is not defined: areas, average precision and
        F1 in a fold of one class, R² in a fold of one value, whatever the model does not predict.
    """
    tested = predictions[predictions["part"] == "test"]
    rows = [
        (property_name, split, model, *fold, metric, value, len(part))
        for fold, part in tested.groupby(_FOLD)
        for metric, value in {**_of_class(part), **_of_value(part)}.items()
    ]
    return pd.DataFrame(rows, columns=METRICS.names)


def compare(
    metrics: pd.DataFrame, model: str, references: Iterable[str], *, seed: int
) -> pd.DataFrame:
    """Compare a model with others, in the same folds.

    A difference is that of the metrics, the other way round where smaller is better, so that a
    positive one always says that the model is better.

    Training parts of random folds overlap, so differences between folds are less independent than
    they look. Their intervals are Student's with the variance times 1/J + n₂/n₁ instead of 1/J (J
    folds, n₁ fields trained on, n₂ tested; Nadeau and Bengio, *Machine Learning* **52**, 239, 2003)
    and speak of other samples of the same fields. Where an element or a pair is held out, folds are
    resampled (percentile bootstrap, J − 1 of J so that the variance is right); these intervals
    speak of other elements or pairs, taken as independent, though fields are in several folds.

    Parameters
    ----------
    metrics
        Columns of :data:`METRICS`, of any properties and splits.
    model
        Name of the model.
    references
        Names of the others. Properties and splits that one of the two lacks are passed over.
    seed
        The seed of the configuration.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`COMPARISONS`, metrics of :data:`LARGER_IS_BETTER` alone.

    Raises
    ------
    ValueError
        If a model is not among the metrics, or two were tested on different fields of a fold.
    """
    references = list(references)
    if absent := {model, *references} - set(metrics["model"]):
        raise ValueError(f"there are no metrics of {sorted(absent)[0]!r}")
    compared = metrics[metrics["metric"].isin(LARGER_IS_BETTER)]
    of_model = compared[compared["model"] == model]
    rows: list[tuple[Any, ...]] = []
    for reference in references:
        paired = of_model.merge(
            compared[compared["model"] == reference],
            on=["property", "split", *_FOLD, "metric"],
            suffixes=("", "_reference"),
        )
        for cell, folds in paired.groupby(["property", "split", "metric"], sort=False):
            name, split, metric = map(str, cell)
            if (folds["n"] != folds["n_reference"]).any():
                raise ValueError(
                    f"{name}, {split}: {model} and {reference} were tested on different fields"
                )
            better = folds["value"] - folds["value_reference"]
            folds = folds.assign(better=better if LARGER_IS_BETTER[metric] else -better)
            key = ("phase_field", "compare", name, split, model, reference, metric)
            low, high = _interval(folds, seeds.generator(seed, *key))
            defined = folds.dropna(subset="better")
            rows.append(
                (
                    *(name, split, model, reference, metric, defined["better"].mean(), low, high),
                    *(len(defined), defined["n"].sum()),
                )
            )
    return pd.DataFrame(rows, columns=COMPARISONS.names)


def write(
    predictions: Iterable[tuple[tuple[str, str, str], str | Path]],
    comparisons: Mapping[str, Sequence[str]],
    metrics: str | Path,
    compared: str | Path,
    *,
    seed: int,
    provenance: Mapping[str, Any],
) -> None:
    """Measure and compare models, and write both tables.

    Parameters
    ----------
    predictions
        Property, split and model of every table of predictions, and its path.
    comparisons
        References of every model that is compared.
    metrics, compared
        Tables to write, columns of :data:`METRICS` and :data:`COMPARISONS`.
    seed
        The seed of the configuration.
    provenance
        Stored in the metadata.
    """
    rows = pd.concat(
        [
            measure(tables.read(path), property_name=of, split=split, model=model)
            for (of, split, model), path in predictions
        ],
        ignore_index=True,
    )
    tables.write(rows, metrics, METRICS, provenance)
    pairs = [compare(rows, model, others, seed=seed) for model, others in comparisons.items()]
    differences = pd.concat([pd.DataFrame(columns=COMPARISONS.names), *pairs], ignore_index=True)
    tables.write(differences, compared, COMPARISONS, provenance)


def _interval(folds: pd.DataFrame, random: np.random.Generator) -> tuple[float, float]:
    """Return the 95 % interval of the mean of differences of folds."""
    partitions = folds.groupby("repeat")["n"].transform("sum")
    defined = folds["better"].notna()
    differences = folds.loc[defined, "better"].to_numpy(float)
    n = len(differences)
    if n < FEWEST_FOLDS:
        return np.nan, np.nan
    if folds["held_out"].ne("").any():
        drawn = random.multinomial(n - 1, np.full(n, 1 / n), RESAMPLES) / (n - 1)
        low, high = np.quantile(drawn @ differences, [0.025, 0.975])
        return float(low), float(high)
    ratio = (folds["n"] / (partitions - folds["n"]))[defined].mean()
    error = np.sqrt((1 / n + ratio) * differences.var(ddof=1))
    half = float(student.ppf(0.975, n - 1) * error)
    mean = float(differences.mean())
    return mean - half, mean + half


def _of_class(part: pd.DataFrame) -> dict[str, float]:
    above = part["above"].to_numpy(bool)
    probability = part["probability"].to_numpy(float)
    if np.isnan(probability).any():
        return dict.fromkeys((*_OF_ORDER, *_OF_PROBABILITY), np.nan)
    label = probability > 0.5
    found = {
        "accuracy": float((label == above).mean()),
        "brier": float(np.square(probability - above).mean()),
        "expected_calibration_error": expected_calibration_error(probability, above),
    }
    if not 0 < above.sum() < len(above):
        return {**found, **dict.fromkeys(_OF_ORDER, np.nan)}
    return {
        **found,
        "roc_auc": float(scores.roc_auc_score(above, probability)),
        "roc_auc_hard": float(scores.roc_auc_score(above, label)),
        "average_precision": float(scores.average_precision_score(above, probability)),
        "f1": float(scores.f1_score(above, label)),
    }


def _of_value(part: pd.DataFrame) -> dict[str, float]:
    value, predicted, lower, upper = (
        part[["value", "predicted", "lower", "upper"]].to_numpy(float).T
    )
    error = predicted - value
    spread = np.square(value - value.mean()).sum()
    within = (lower <= value) & (value <= upper)
    has_intervals = not np.isnan(lower + upper).any()
    return {
        "mae": float(abs(error).mean()),
        "rmse": float(np.sqrt(np.square(error).mean())),
        "r2": float(1 - np.square(error).sum() / spread) if spread > 0 else np.nan,
        "coverage": float(within.mean()) if has_intervals else np.nan,
        "width": float(np.median(upper - lower)) if has_intervals else np.nan,
    }
