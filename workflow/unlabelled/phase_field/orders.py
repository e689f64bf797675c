"""What the order of the elements changes in predictions: nothing, if a field is a set."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.metrics import roc_auc_score

from unlabelled import seeds, tables
from unlabelled.phase_field import models
from unlabelled.phase_field.fields import PADDING, Ids
from unlabelled.phase_field.folds import Fold, inner_folds
from unlabelled.phase_field.kinds import CALIBRATED
from unlabelled.phase_field.prediction import (
    CrossFitted,
    Fields,
    Model,
    Predictions,
    Trained,
    Transform,
)
from unlabelled.tables import field


def schema(unit: str) -> pa.Schema:
    """Return the schema of the effects of order on predictions of a property that has a unit."""
    return pa.schema(
        [
            field("property", pa.string(), "property that is predicted"),
            field("model", pa.string(), "model, trained in alphabetical order"),
            field("order", pa.string(), "of the elements of the fields held out"),
            field("roc_auc", pa.float64(), "area under the ROC curve"),
            field("mae", pa.float64(), "mean absolute error", unit),
            field("probability_change", pa.float64(), "mean change from alphabetical order"),
            field("largest_change", pa.float64(), "largest change of the probability"),
            field("value_change", pa.float64(), "mean change of the predicted value", unit),
            field("n", pa.int32(), "fields held out"),
        ]
    )


def orders(fields: Ids, seed: int) -> dict[str, Ids]:
    """Return fields with their elements in other orders, empty slots last.

    Parameters
    ----------
    fields
        (n, slots) in alphabetical order.
    seed
        Of the random order.

    Returns
    -------
    dict
        ``alphabetical``, as the released models are trained; ``atomic_number``, as they are applied
        to candidates (F4); ``random``.
    """
    keys = seeds.generator(seed, "phase_field", "order").random(fields.shape)
    shuffled = np.where(fields == PADDING, np.inf, keys).argsort(axis=1)
    return {
        "alphabetical": fields,
        "atomic_number": np.sort(fields, axis=1),
        "random": np.take_along_axis(fields, shuffled, axis=1),
    }


def changes(model: Model, fields: Fields, fold: Fold, seed: int) -> pd.DataFrame:
    """Predict the fields that a fold holds out, in every order.

    Parameters
    ----------
    model
        Model of fields.
    fields
        All fields of the property.
    fold
        What is trained on and held out.
    seed
        Of the model and of the random order.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`schema` but for property and model, a row for every order.
    """
    test = fields.take(fold.test)
    given = orders(test.ids, seed)
    said_of_all = model(fields.take(fold.train), seed)(np.concatenate(list(given.values())))
    found = [Predictions(*part) for part in np.split(np.stack(said_of_all), len(given), axis=1)]
    base = found[0]
    return pd.DataFrame(
        [
            {
                "order": order,
                "roc_auc": roc_auc_score(test.above, said.probability),
                "mae": abs(said.value - test.value).mean(),
                "probability_change": abs(said.probability - base.probability).mean(),
                "largest_change": abs(said.probability - base.probability).max(),
                "value_change": abs(said.value - base.value).mean(),
                "n": len(test.value),
            }
            for order, said in zip(given, found, strict=True)
        ]
    )


def as_model(cross_fitted: CrossFitted, n_inner: int) -> Model:
    """Return a model that is trained without each inner fold as one that is trained when asked."""

    def model(fields: Fields, seed: int) -> Trained:
        inner = inner_folds(fields.above, n_inner, seed)
        return lambda ids: cross_fitted(fields, inner, ids, seed)[1]

    return model


def write(
    cases: Mapping[str, tuple[Mapping[str, Any], str | Path | None]],
    fields: Fields,
    fold: Fold,
    destination: str | Path,
    *,
    property_name: str,
    unit: str,
    network: Mapping[str, Any],
    n_inner: int,
    transform: Transform,
    seed: int,
    threads: int,
    provenance: Mapping[str, Any],
) -> None:
    """Write what order changes in the predictions of models.

    Parameters
    ----------
    cases
        Settings of every model, and the table of what it knows of the elements.
    fields, fold
        As of :func:`changes`.
    destination
        Table to write, columns of :func:`schema`.
    property_name, unit
        Of the property.
    network, n_inner, transform, seed, threads
        As of :mod:`unlabelled.phase_field.models`.
    provenance
        Stored in the metadata.
    """

    def made() -> Iterator[tuple[str, Model]]:
        for name, (settings, source) in cases.items():
            if settings["kind"] in CALIBRATED:
                fitted = models.calibrated(settings, source, network, transform, threads)
                yield name, as_model(fitted, n_inner)
            else:
                where = network["accelerator"]
                yield name, models.published_model(settings, source, where, threads)

    rows = pd.concat(
        [
            changes(model, fields, fold, seed).assign(property=property_name, model=name)
            for name, model in made()
        ],
        ignore_index=True,
    )
    tables.write(rows, destination, schema(unit), provenance)
