"""What all predictors share: the parts of a task, the subsets of labels, the errors."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
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

# (positions of the labelled crystals in the train part, random state) -> predictions for the test
# part, in the unit of the label
Predictor = Callable[[NDArray[np.intp], int], Floats]


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


def results(
    predictors: Mapping[str, Predictor],
    train: Part,
    test: Part,
    *,
    task: str,
    arm: str,
    arm_seed: int,
    n_labels: int,
    draws: int,
    epochs: int,
    seed: int,
) -> pd.DataFrame:
    """Train every predictor on every draw of `n_labels` labels and test it on the whole test part.

    The subset and the random state depend on task, number of labels and draw, not on the arm, so
    arms are paired and differ by their representation alone.

    Parameters
    ----------
    predictors
        By the name in the column ``head``, which enters the random state.
    train, test
        See :func:`parts`.
    task, arm, arm_seed, epochs
        Written into the rows; the task also enters the random numbers.
    n_labels
        Labels shown to the predictors.
    draws
        Number of random subsets, numbered from 0.
    seed
        The seed of the configuration.

    Returns
    -------
    pandas.DataFrame
        One row per draw and predictor, columns of
        :data:`unlabelled.label_masking.schema.RESULTS`.

    Raises
    ------
    UserError
        If the train part has fewer than `n_labels` crystals, or a prediction is not finite, as
        after a training that diverged: left out, it would flatter the arm.
    """
    rows = []
    for draw in range(draws):
        ids = subset(train.ids, n_labels, draw, seed=seed, task=task)
        for head, predictor in predictors.items():
            state = seeds.integer(seed, "label_masking", task, n_labels, draw, head)
            start = time.perf_counter()
            prediction = predictor(train.positions(ids), state)
            seconds = time.perf_counter() - start
            if not np.isfinite(prediction).all():
                raise UserError(
                    f"task {task!r}, arm {arm!r} (seed {arm_seed}), {n_labels} labels, draw "
                    f"{draw}: {head} predicts values that are not finite; lower its learning rate"
                )
            rows.append(
                {
                    "task": task,
                    "arm": arm,
                    "arm_seed": arm_seed,
                    "head": head,
                    "n_labels": n_labels,
                    "draw": draw,
                    "label_ids_digest": digest(ids),
                    "n_test": len(test.ids),
                    **_errors(test.y, prediction),
                    "epochs": epochs,
                    "seconds": seconds,
                }
            )
    n_fits = draws * len(predictors)
    log.info("%s, %s (seed %d), %d labels: %d fits", task, arm, arm_seed, n_labels, n_fits)
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
