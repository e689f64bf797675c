"""Test error of the heads on one frozen representation."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from unlabelled import seeds
from unlabelled.errors import UserError
from unlabelled.label_masking.heads import fit_predict
from unlabelled.label_masking.schema import RESULTS
from unlabelled.label_masking.subsets import digest, subset

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Part:
    """Labelled crystals of the train or of the test part, sorted by identifier."""

    ids: list[str]
    X: NDArray[np.float64]
    y: NDArray[np.float64]

    def rows(self, ids: list[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Representation and labels of some crystals."""
        index = {material_id: i for i, material_id in enumerate(self.ids)}
        positions = [index[material_id] for material_id in ids]
        return self.X[positions], self.y[positions]


def evaluate(
    embeddings: pd.DataFrame,
    split: pd.DataFrame,
    crystals: pd.DataFrame,
    *,
    task: str,
    label: str,
    arm: str,
    arm_seed: int,
    n_labels: int,
    draws: int,
    heads: Sequence[str],
    seed: int,
) -> pd.DataFrame:
    """Train every head on every draw of `n_labels` labels and test it on the whole test part.

    Crystals without the label count neither in the train nor in the test part. The random state of
    a head depends on task, number of labels and draw, not on the arm, so arms differ by their
    representation alone.

    Parameters
    ----------
    embeddings
        Columns material_id and embedding, (d,) numbers each.
    split
        Columns material_id and part, "train" or "test".
    crystals
        Columns material_id and `label`, missing where unknown.
    task, arm, arm_seed
        Written into the rows; the task also enters the random numbers.
    label
        Column of `crystals` to predict.
    n_labels
        Labels shown to the heads.
    draws
        Number of random subsets, numbered from 0.
    heads
        Names in :data:`unlabelled.label_masking.heads.HEADS`.
    seed
        The seed of the configuration.

    Returns
    -------
    pandas.DataFrame
        One row per draw and head, columns of :data:`unlabelled.label_masking.schema.RESULTS`. All
        but the column ``seconds`` is determined by the arguments.

    Raises
    ------
    UserError
        If the label is no column, a crystal of the split is in no other table, an embedding is not
        finite, or a part has too few labelled crystals.
    ValueError
        If a crystal stands twice in a table (:class:`pandas.errors.MergeError`).
    """
    train, test = _parts(embeddings, split, crystals, label)
    if len(test.ids) < 2:
        raise UserError(
            f"task {task!r}: {len(test.ids)} crystals of the test part have the label {label!r}, "
            "at least 2 are needed: enlarge the test part or choose another label"
        )
    rows = []
    for draw in range(draws):
        ids = subset(train.ids, n_labels, draw, seed=seed, task=task)
        X, y = train.rows(ids)
        for head in heads:
            state = seeds.integer(seed, "label_masking", task, n_labels, draw, head) % 2**32
            start = time.perf_counter()
            prediction = fit_predict(head, X, y, test.X, random_state=state)
            seconds = time.perf_counter() - start
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
                    "seconds": seconds,
                }
            )
    log.info(
        "%s, %s (seed %d), %d labels: %d fits", task, arm, arm_seed, n_labels, draws * len(heads)
    )
    return pd.DataFrame(rows, columns=RESULTS.names)


def _errors(truth: NDArray[Any], prediction: NDArray[Any]) -> dict[str, float]:
    return {
        "mae": float(mean_absolute_error(truth, prediction)),
        "rmse": float(root_mean_squared_error(truth, prediction)),
        "r2": float(r2_score(truth, prediction)),
    }


def _parts(
    embeddings: pd.DataFrame, split: pd.DataFrame, crystals: pd.DataFrame, label: str
) -> tuple[_Part, _Part]:
    if label not in crystals.columns:
        raise UserError(
            f"the crystal table has no label {label!r}: its columns are "
            f"{', '.join(map(str, crystals.columns))}"
        )
    _require_all(split, crystals, "row in the crystal table", "read its dataset and split it again")
    _require_all(split, embeddings, "embedding", "compute the embeddings of the whole dataset")
    table = (
        split[["material_id", "part"]]
        .merge(crystals[["material_id", label]], on="material_id", validate="one_to_one")
        .merge(embeddings[["material_id", "embedding"]], on="material_id", validate="one_to_one")
    )
    table = table[table[label].notna()].sort_values("material_id")
    return _part(table, "train", label), _part(table, "test", label)


def _part(table: pd.DataFrame, part: str, label: str) -> _Part:
    rows = table[table["part"] == part]
    if rows.empty:
        raise UserError(
            f"no crystal of the {part} part has the label {label!r}: choose another label or split"
        )
    ids = [str(material_id) for material_id in rows["material_id"]]
    X = np.stack(rows["embedding"].to_list()).astype(np.float64)
    infinite = ~np.isfinite(X).all(axis=1)
    if infinite.any():
        raise UserError(
            f"{infinite.sum()} embeddings are not finite, first that of {ids[infinite.argmax()]}: "
            "the encoder has diverged, train it again with a smaller learning rate"
        )
    return _Part(ids, X, rows[label].to_numpy(dtype=np.float64))


def _require_all(split: pd.DataFrame, other: pd.DataFrame, what: str, advice: str) -> None:
    missing = sorted(set(split["material_id"]) - set(other["material_id"]))
    if missing:
        raise UserError(
            f"{len(missing)} of {len(split)} crystals of the split have no {what}, "
            f"first {missing[0]}: {advice}"
        )
