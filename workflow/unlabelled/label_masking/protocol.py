"""What all predictors share: the parts of a task, the subsets of labels, the errors."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unlabelled import seeds
from unlabelled.errors import UserError
from unlabelled.label_masking.schema import RESULTS
from unlabelled.label_masking.subsets import digest, subset

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """Labelled crystals of the train or of the test part, sorted by identifier."""

    ids: list[str]
    y: Floats

    def positions(self, ids: Iterable[str]) -> NDArray[np.intp]:
        """Where some crystals stand in the part."""
        index = {material_id: i for i, material_id in enumerate(self.ids)}
        return np.array([index[material_id] for material_id in ids])


def parts(
    split: pd.DataFrame, crystals: pd.DataFrame, *, task: str, label: str
) -> tuple[Part, Part]:
    """Labelled crystals of the train and of the test part.

    Parameters
    ----------
    split
        Columns material_id and part, "train" or "test".
    crystals
        Columns material_id and `label`, missing where unknown.
    task
        Named in messages.
    label
        Column of `crystals` to predict.

    Raises
    ------
    UserError
        If the label is no column, a crystal of the split is not in the crystal table, or a part has
        too few labelled crystals.
    ValueError
        If a crystal stands twice in a table (:class:`pandas.errors.MergeError`).
    """
    if label not in crystals.columns:
        raise UserError(
            f"the crystal table has no label {label!r}: its columns are "
            f"{', '.join(map(str, crystals.columns))}"
        )
    advice = "read its dataset and split it again"
    require_all(split, crystals["material_id"], "row in the crystal table", advice)
    table = split[["material_id", "part"]].merge(
        crystals[["material_id", label]], on="material_id", validate="one_to_one"
    )
    table = table[table[label].notna()].sort_values("material_id")
    train, test = _part(table, "train", label), _part(table, "test", label)
    if len(test.ids) < 2:
        raise UserError(
            f"task {task!r}: {len(test.ids)} crystals of the test part have the label {label!r}, "
            "at least 2 are needed: enlarge the test part or choose another label"
        )
    return train, test


def require_all(split: pd.DataFrame, ids: Iterable[str], what: str, advice: str) -> None:
    """Check that every crystal of a split has what predictors need.

    Raises
    ------
    UserError
        With the number of crystals that have none, the first of them, and the advice.
    """
    missing = sorted(set(split["material_id"]) - set(ids))
    if missing:
        raise UserError(
            f"{len(missing)} of {len(split)} crystals of the split have no {what}, "
            f"first {missing[0]}: {advice}"
        )


@dataclass(frozen=True)
class Draw:
    """What one predictor is shown.

    Attributes
    ----------
    number
        Of the draw.
    head
        Name of the predictor.
    ids
        Labelled crystals.
    labelled
        Their positions in the train part.
    random_state
        Seed of the predictor.
    """

    number: int
    head: str
    ids: list[str]
    labelled: NDArray[np.intp]
    random_state: int


@dataclass(frozen=True)
class Outcome:
    """Predictions for the test part in the unit of the label, and the time they took."""

    prediction: Floats
    seconds: float


def all_draws(
    train: Part, heads: Iterable[str], *, task: str, n_labels: int, draws: int, seed: int
) -> list[Draw]:
    """Draw `n_labels` labels, `draws` times, for every predictor.

    The subset and the random state depend on task, number of labels and draw, not on the arm, so
    arms are paired and differ by their representation alone.

    Parameters
    ----------
    train
        See :func:`parts`.
    heads
        Names of the predictors, which enter the random states.
    task
        Enters the random numbers.
    n_labels
        Labels shown to the predictors.
    draws
        Number of random subsets, numbered from 0.
    seed
        The seed of the configuration.

    Returns
    -------
    list of Draw
        One per draw and predictor.

    Raises
    ------
    UserError
        If the train part has fewer than `n_labels` crystals.
    """
    heads, found = list(heads), []
    for number in range(draws):
        ids = subset(train.ids, n_labels, number, seed=seed, task=task)
        labelled = train.positions(ids)
        found += [
            Draw(
                number,
                head,
                ids,
                labelled,
                seeds.integer(seed, "label_masking", task, n_labels, number, head),
            )
            for head in heads
        ]
    return found


def results(
    outcomes: Iterable[tuple[Draw, Outcome]],
    test: Part,
    *,
    task: str,
    arm: str,
    arm_seed: int,
    epochs: int,
) -> pd.DataFrame:
    """Compare predictions with the labels of the whole test part.

    Parameters
    ----------
    outcomes
        What was predicted after every draw.
    test
        See :func:`parts`.
    task, arm, arm_seed, epochs
        Written into the rows.

    Returns
    -------
    pandas.DataFrame
        One row per draw and predictor, columns of
        :data:`unlabelled.label_masking.schema.RESULTS`.

    Raises
    ------
    UserError
        If a prediction is not finite, as after a training that diverged: left out, it would flatter
        the arm.
    """
    rows = []
    for draw, outcome in outcomes:
        n_labels = len(draw.ids)
        if not np.isfinite(outcome.prediction).all():
            raise UserError(
                f"task {task!r}, arm {arm!r} (seed {arm_seed}), {n_labels} labels, draw "
                f"{draw.number}: {draw.head} predicts values that are not finite; lower its "
                "learning rate"
            )
        rows.append(
            {
                "task": task,
                "arm": arm,
                "arm_seed": arm_seed,
                "head": draw.head,
                "n_labels": n_labels,
                "draw": draw.number,
                "label_ids_digest": digest(draw.ids),
                "n_test": len(test.ids),
                **_errors(test.y, outcome.prediction),
                "epochs": epochs,
                "seconds": outcome.seconds,
            }
        )
    log.info("%s, %s (seed %d): %d fits", task, arm, arm_seed, len(rows))
    return pd.DataFrame(rows, columns=RESULTS.names)


def _part(table: pd.DataFrame, part: str, label: str) -> Part:
    rows = table[table["part"] == part]
    if rows.empty:
        raise UserError(
            f"no crystal of the {part} part has the label {label!r}: choose another label or split"
        )
    ids = [str(material_id) for material_id in rows["material_id"]]
    return Part(ids, rows[label].to_numpy(dtype=np.float64))


def _errors(truth: Floats, prediction: Floats) -> dict[str, float]:
    squared = np.square(prediction - truth).mean()
    return {
        "mae": float(np.abs(prediction - truth).mean()),
        "rmse": float(np.sqrt(squared)),
        "r2": float(1 - squared / truth.var()),
    }
