"""Models that are trained on all fields of a property, and what they say of candidates."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from unlabelled import tables
from unlabelled.phase_field import (
    cross_validation,
    element_vectors,
    ensemble,
    models,
    prediction,
)
from unlabelled.phase_field.fields import Ids, ids, padded
from unlabelled.phase_field.folds import WHOLE, Fold
from unlabelled.phase_field.prediction import CrossFitted, Fields, FoldNumbers, Predictions


def write_ensemble(
    fields: str | Path,
    vectors: str | Path,
    destination: str | Path,
    network: Mapping[str, Any],
    *,
    members: int,
    n_inner: int,
    transform: prediction.Transform,
    seed: int,
    threads: int,
    provenance: Mapping[str, Any],
) -> None:
    """Train an ensemble on all fields and write it.

    Parameters
    ----------
    fields, vectors
        Tables of the property and of vectors of the elements.
    destination
        safetensors file.
    network
        Settings of networks.
    members
        Number of members.
    n_inner
        Inner folds, of which every member leaves out one.
    transform
        In which space errors are judged.
    seed
        The seed of the configuration.
    threads
        Of the computation.
    provenance
        Stored in the metadata.
    """
    torch.set_num_threads(threads)
    known = prediction.read(fields)
    inner, of_model = cross_validation.draws(WHOLE, known.above, n_inner, seed)
    found = ensemble.fit(
        known,
        inner,
        element_vectors.read(vectors),
        models.ensemble_options(network, members),
        transform,
        of_model,
        network["accelerator"],
    )
    ensemble.save(found, destination, provenance)


def write_predictions(
    fields: str | Path,
    candidates: str | Path,
    source: str | Path | None,
    destination: str | Path,
    model: Mapping[str, Any],
    network: Mapping[str, Any],
    *,
    n_inner: int,
    transform: prediction.Transform,
    unit: str,
    seed: int,
    threads: int,
    provenance: Mapping[str, Any],
) -> None:
    """Predict candidates, calibrated on inner folds of all fields, and write what is found.

    Parameters
    ----------
    fields, candidates
        Tables of the property and of the candidates.
    source
        The ensemble of a network; of other models a table of vectors, or None.
    destination
        Table of predictions, see :func:`unlabelled.phase_field.prediction.schema`; true values of
        candidates are NaN, none is above the threshold.
    model, network
        Settings of the model and of networks.
    n_inner, transform, seed, threads, provenance
        As of :func:`write_ensemble`.
    unit
        Of the property.
    """
    torch.set_num_threads(threads)
    known = prediction.read(fields)
    others = ids(tables.read(candidates, ["field"])["field"].tolist())
    n, m = len(known.value), len(others)
    slots = max(known.ids.shape[1], others.shape[1])
    both = Fields(
        np.concatenate([padded(known.ids, slots), padded(others, slots)]),
        np.append(known.value, np.full(m, np.nan)),
        np.append(known.above, np.zeros(m, bool)),
    )
    if model["kind"] == "network" and source is not None:
        fitted = _trained(ensemble.load(source), network)
    else:
        fitted = models.calibrated(model, source, network, transform, threads)
    rows = cross_validation.cross_validate(
        fitted,
        both,
        # candidates are what is held out
        [Fold(*WHOLE, np.arange(n), np.arange(n, n + m))],
        n_inner=n_inner,
        transform=transform,
        seed=seed,
        calibrated=True,
    )
    tables.write(rows, destination, prediction.schema(unit), provenance)


def _trained(found: ensemble.Ensemble, network: Mapping[str, Any]) -> CrossFitted:
    """Return an ensemble that was trained with the inner folds it will be asked about."""

    def model(
        fields: Fields, inner: FoldNumbers, others: Ids, seed: int
    ) -> tuple[Predictions, Predictions]:
        where = network["accelerator"]
        known = ensemble.out_of_fold(found, fields.ids, inner, where)
        return known, ensemble.of_all(found, others, where)

    return model
