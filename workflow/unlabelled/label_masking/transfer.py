"""Test error of encoders fine-tuned as a whole, from one start."""

import time
from collections.abc import Iterable, Mapping

import pandas as pd

from unlabelled.label_masking import protocol
from unlabelled.label_masking.fine_tuning import (
    FineTuningOptions,
    Job,
    fine_tune_all,
    predict,
)
from unlabelled.label_masking.protocol import Outcome
from unlabelled.point_set.quotient import SiteClasses
from unlabelled.site_net.encoder import SiteNet

HEAD = "fine_tuning"


def evaluate_transfer(
    encoders: Mapping[int, SiteNet],
    classes: Mapping[str, SiteClasses],
    split: pd.DataFrame,
    crystals: pd.DataFrame,
    *,
    task: str,
    label: str,
    arm: str,
    n_labels: int,
    draws: int,
    options: FineTuningOptions,
    seed: int,
) -> pd.DataFrame:
    """Fine-tune on every draw of `n_labels` labels and test on the whole test part.

    The labels of a draw are those that :func:`unlabelled.label_masking.evaluate.evaluate` shows to
    the heads. Order of the crystals and initialisation of the head depend on task, number of labels
    and draw, not on the start, so starts differ by their weights alone.

    Parameters
    ----------
    encoders
        Encoders with which every draw starts, by seed.
    classes
        Every crystal of the split, by identifier.
    split
        Columns material_id and part, "train" or "test".
    crystals
        Columns material_id and `label`, missing where unknown.
    task, arm
        Written into the rows, the start as arm; the task also enters the random numbers.
    label
        Column of `crystals` to predict.
    n_labels
        Labels to train on.
    draws
        Number of random subsets, numbered from 0.
    options
        How to train.
    seed
        The seed of the configuration.

    Returns
    -------
    pandas.DataFrame
        One row per encoder and draw, columns of :data:`unlabelled.label_masking.schema.RESULTS`.
        All are trained together, and ``seconds`` is a row's share of the time.

    Raises
    ------
    UserError
        If the label is no column, a crystal of the split is not in the crystal table or has no
        point set, or a part has too few labelled crystals.
    ValueError
        If a crystal stands twice in a table.
    """
    train, test = protocol.parts(split, crystals, task=task, label=label)
    protocol.require_all(split, classes, "point set", "run the rule point_sets again")

    shown = protocol.all_draws(train, [HEAD], task=task, n_labels=n_labels, draws=draws, seed=seed)
    start = time.perf_counter()
    models = fine_tune_all(
        [
            Job(
                encoder,
                [classes[train.ids[i]] for i in draw.labelled],
                train.y[draw.labelled],
                draw.random_state,
            )
            for encoder in encoders.values()
            for draw in shown
        ],
        options,
    )
    unseen = [classes[name] for name in test.ids]
    predictions = [predict(model, unseen, options.accelerator) for model in models]
    seconds = (time.perf_counter() - start) / len(models)
    outcomes = [Outcome(prediction, seconds) for prediction in predictions]
    epochs = options.epochs(n_labels)
    return pd.concat(
        [
            protocol.results(
                zip(shown, outcomes[i * draws : (i + 1) * draws], strict=True),
                test,
                task=task,
                arm=arm,
                arm_seed=arm_seed,
                epochs=epochs,
            )
            for i, arm_seed in enumerate(encoders)
        ],
        ignore_index=True,
    )


def supervised_crystals(
    crystals: pd.DataFrame, splits: Iterable[pd.DataFrame], *, label: str
) -> pd.DataFrame:
    """Choose the crystals of supervised pre-training: no test crystal of any task (D23).

    Parameters
    ----------
    crystals
        Crystals of the task whose labels are used: columns material_id, formula_reduced and
        `label`, missing where unknown.
    splits
        Splits of all tasks (``structures.splits.SCHEMA``). A crystal with the reduced formula of
        any test crystal is left out: it may be the same structure under another name.
    label
        Column of `crystals`.

    Returns
    -------
    pandas.DataFrame
        The rows of `crystals` that are left, in their order.
    """
    held_out = set[str]()
    for split in splits:
        held_out.update(split.loc[split["part"] == "test", "formula_reduced"])
    return crystals[crystals[label].notna() & ~crystals["formula_reduced"].isin(held_out)]
