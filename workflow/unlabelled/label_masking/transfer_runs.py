"""Supervised pre-training and fine-tuning, from tables to weights and errors."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from unlabelled import seeds, tables
from unlabelled.files import sha256
from unlabelled.label_masking.fine_tuning import FineTuningOptions, supervise
from unlabelled.label_masking.schema import RESULTS
from unlabelled.label_masking.transfer import evaluate_transfer, supervised_crystals
from unlabelled.point_set.shards import read_classes
from unlabelled.site_net import weights

log = logging.getLogger(__name__)


def supervise_run(
    *,
    crystals: str,
    point_sets: str,
    splits: Sequence[str],
    start: str,
    encoder: str,
    supervised_on: str,
    label: str,
    settings: Mapping[str, Any],
    epochs: int,
    seed: int,
    run_seed: int,
    threads: int,
    code: str,
) -> None:
    """Pre-train one encoder on all labels of another task and write its weights.

    Parameters
    ----------
    crystals, point_sets
        Crystal table and folder of point sets of the other task's dataset.
    splits
        Splits of all tasks.
    start
        Encoder to start with.
    encoder
        File to write.
    supervised_on, label
        The other task and its label.
    settings
        Fields of :class:`~unlabelled.label_masking.fine_tuning.FineTuningOptions` other than those
        that say for how many epochs to train and what to freeze.
    epochs
        Epochs.
    seed, run_seed
        Seed of the configuration, and number of this encoder.
    threads
        Threads for tensor operations.
    code
        Digest of the code.
    """
    _prepare(threads)
    options = FineTuningOptions(**settings, passes=0, min_epochs=epochs, max_epochs=epochs)
    table = tables.read(crystals, ["material_id", "formula_reduced", label])
    chosen = supervised_crystals(table, map(tables.read, splits), label=label)
    label_of = dict(zip(chosen["material_id"], chosen[label], strict=True))
    shown = [(c, label_of[name]) for name, c in read_classes([point_sets]) if name in label_of]
    log.info("supervised pre-training on %d labels of %s", len(shown), supervised_on)
    trained = supervise(
        weights.load(start),
        [c for c, _ in shown],
        np.array([y for _, y in shown]),
        options,
        seed=seeds.integer(seed, "label_masking", supervised_on, "supervise", run_seed),
    )
    provenance = {
        "start_sha256": sha256(start),
        "supervised_on": supervised_on,
        "label": label,
        "options": dict(settings),
        "epochs": epochs,
        "seed": seed,
        "run_seed": run_seed,
        "code": code,
    }
    weights.save(trained, encoder, provenance)


def fine_tune_run(
    *,
    encoders: Sequence[str],
    crystals: str,
    point_sets: str,
    split: str,
    results: str,
    task: str,
    label: str,
    start: str,
    arm_seeds: Sequence[int],
    n_labels: int,
    draws: int,
    settings: Mapping[str, Any],
    seed: int,
    threads: int,
    code: str,
) -> None:
    """Fine-tune every encoder of a start on every draw and write the test errors.

    Parameters
    ----------
    encoders
        Encoders to start with, one per seed.
    crystals, point_sets, split
        Crystal table, folder of point sets and split of the task.
    results
        File to write.
    task, label, start
        Names.
    arm_seeds
        Seeds of the encoders.
    n_labels, draws
        Labels to train on, and number of random subsets.
    settings
        Fields of :class:`~unlabelled.label_masking.fine_tuning.FineTuningOptions`.
    seed
        Seed of the configuration.
    threads
        Threads for tensor operations.
    code
        Digest of the code.
    """
    _prepare(threads)
    rows = evaluate_transfer(
        dict(zip(arm_seeds, map(weights.load, encoders), strict=True)),
        dict(read_classes([point_sets])),
        tables.read(split),
        tables.read(crystals, ["material_id", label]),
        task=task,
        label=label,
        arm=start,
        n_labels=n_labels,
        draws=draws,
        options=FineTuningOptions(**settings),
        seed=seed,
    )
    provenance = {
        "encoders_sha256": [sha256(path) for path in encoders],
        "label": label,
        "options": dict(settings),
        "seed": seed,
        "code": code,
    }
    tables.write(rows, results, RESULTS, provenance)


def _prepare(threads: int) -> None:
    torch.set_num_threads(threads)
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)  # no devices, no advice
