"""One pre-training run, from tables to weights."""

import hashlib
import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from unlabelled import tables
from unlabelled.infomax import history as history_table
from unlabelled.infomax.initial import run_key
from unlabelled.infomax.options import variant
from unlabelled.infomax.training import Crystals, TrainingOptions, pretrain
from unlabelled.point_set.shards import Shards, identifiers
from unlabelled.site_net import weights

log = logging.getLogger(__name__)


def read_pool(
    pool: str | Path,
    datasets: Sequence[str],
    crystals: Sequence[str],
    point_sets: Sequence[str],
    labels: Sequence[str],
    *,
    quotient: bool,
) -> tuple[list[str], Crystals]:
    """Read the crystals of pre-training.

    Parameters
    ----------
    pool
        Table of ``infomax.pool.SCHEMA``.
    datasets
        Names of the datasets of the pool.
    crystals
        Their crystal tables.
    point_sets
        The folders of their point sets.
    labels
        Labels for the property probe; NaN for datasets without one.
    quotient
        Read classes of equal sites instead of sites.

    Returns
    -------
    names : list of str
        Dataset and identifier of every crystal.
    Crystals
        Labels divided by their standard deviation after their mean was taken off.
    """
    used = tables.read(pool).query("used")
    shards = Shards(point_sets, quotient=quotient)
    dataset_of = np.repeat(datasets, [len(identifiers(folder)) for folder in point_sets])
    names = [f"{name}/{crystal}" for name, crystal in zip(dataset_of, shards.ids, strict=True)]
    wanted = np.flatnonzero(np.isin(names, used.dataset + "/" + used.material_id))
    known = pd.concat([_labels(*one, labels) for one in zip(datasets, crystals, strict=True)])
    names = [names[i] for i in wanted]
    values = known.loc[names].astype(float)
    standardised = (values - values.mean()) / values.std(ddof=0)
    return names, Crystals(shards.part(wanted), standardised.to_numpy())


def _labels(dataset: str, crystals: str, labels: Sequence[str]) -> pd.DataFrame:
    """Labels of the crystals of a dataset, by dataset and identifier; absent ones are missing."""
    table = pd.read_parquet(crystals)
    return table.set_index(dataset + "/" + table["material_id"]).reindex(columns=list(labels))


def pretrain_run(
    *,
    pool: str,
    datasets: Sequence[str],
    crystals: Sequence[str],
    point_sets: Sequence[str],
    encoder: str,
    history: str,
    variant_name: str,
    settings: Mapping[str, Any],
    training: Mapping[str, Any],
    labels: Sequence[str],
    seed: int,
    run_seed: int,
    threads: int,
    code: str,
) -> None:
    """Pre-train one encoder and write its weights and history.

    Checkpoints live beside the weights, in a folder named by everything that determines the run, so
    that only the same run resumes them. They are removed when the run is done; the CSV and
    TensorBoard logs stay, in the folder ``training``.

    Parameters
    ----------
    pool, datasets, crystals, point_sets, labels
        See :func:`read_pool`.
    encoder, history
        Files to write.
    variant_name, settings
        Name and options of the variant, as the configuration states them.
    training
        Fields of :class:`~unlabelled.infomax.training.TrainingOptions`.
    seed, run_seed
        Seed of the configuration, and number of this run.
    threads
        Threads for tensor operations.
    code
        Digest of the code.
    """
    torch.set_num_threads(threads)
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)  # no devices, no advice
    options = variant(settings)
    names, pool_crystals = read_pool(
        pool, datasets, crystals, point_sets, labels, quotient=options.quotient
    )
    provenance = {
        "variant": dict(settings),
        "training": dict(training),
        "labels": list(labels),
        "seed": seed,
        "run_seed": run_seed,
        "code": code,
        "crystals": digest(names, pool_crystals),
    }
    of_run = digest_of(provenance)
    folder = Path(encoder).parent / f"checkpoints-{of_run}"
    log.info("pre-training on %d crystals; %s", len(names), of_run)
    trained, rows = pretrain(
        pool_crystals,
        options,
        TrainingOptions(**training),
        run_key(seed, run_seed),
        folder,
    )
    rows.insert(0, "variant", variant_name)
    rows.insert(1, "seed", run_seed)
    tables.write(rows, history, history_table.SCHEMA, provenance)
    weights.save(trained, encoder, provenance)
    _keep_logs(folder)


def digest_of(provenance: Mapping[str, Any]) -> str:
    """Return a short digest of what determines a run."""
    return hashlib.sha256(json.dumps(provenance, sort_keys=True).encode()).hexdigest()[:16]


def _keep_logs(folder: Path) -> None:
    """Turn the folder of a finished run into that of its logs, and drop those of other runs."""
    logs = folder.with_name("training")
    shutil.rmtree(logs, ignore_errors=True)
    folder.rename(logs)  # first: with a part of its checkpoints, no run could go on
    for checkpoint in logs.glob("*.ckpt"):
        checkpoint.unlink()
    for stale in folder.parent.glob("checkpoints-*"):
        shutil.rmtree(stale)


def digest(names: Sequence[str], crystals: Crystals) -> str:
    """Return a digest of crystals, their names and labels."""
    total = hashlib.sha256(crystals.labels.tobytes())
    for name, crystal in zip(names, crystals.point_sets, strict=True):
        total.update(f"{name} {crystal.n_classes} {crystal.n_pairs}\0".encode())
        for field in fields(crystal):
            total.update(getattr(crystal, field.name).tobytes())
    return total.hexdigest()
