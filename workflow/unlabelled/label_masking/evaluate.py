"""Test error of the heads on one frozen representation."""

import time
from collections.abc import Sequence

import numpy as np
import pandas as pd

from unlabelled.errors import UserError
from unlabelled.label_masking import protocol
from unlabelled.label_masking.heads import fit_predict
from unlabelled.label_masking.protocol import Draw, Floats, Outcome


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
    train, test = protocol.parts(split, crystals, task=task, label=label)
    advice = "compute the embeddings of the whole dataset"
    protocol.require_all(split, embeddings["material_id"], "embedding", advice)
    table = split[["material_id"]].merge(embeddings, on="material_id", validate="one_to_one")
    vectors = table.set_index("material_id")["embedding"]
    X, X_test = (_matrix(vectors, part.ids) for part in (train, test))

    def outcome(draw: Draw) -> Outcome:
        X_shown, y_shown = X[draw.labelled], train.y[draw.labelled]
        state = draw.random_state % 2**32
        start = time.perf_counter()
        prediction = fit_predict(draw.head, X_shown, y_shown, X_test, random_state=state)
        return Outcome(prediction, time.perf_counter() - start)

    shown = protocol.all_draws(train, heads, task=task, n_labels=n_labels, draws=draws, seed=seed)
    outcomes = ((draw, outcome(draw)) for draw in shown)
    return protocol.results(outcomes, test, task=task, arm=arm, arm_seed=arm_seed, epochs=0)


def _matrix(vectors: pd.Series, ids: list[str]) -> Floats:
    X = np.stack(vectors[ids].to_list()).astype(np.float64)
    infinite = ~np.isfinite(X).all(axis=1)
    if infinite.any():
        raise UserError(
            f"{infinite.sum()} embeddings are not finite, first that of {ids[infinite.argmax()]}: "
            "the encoder has diverged, train it again with a smaller learning rate"
        )
    return X
