"""What is known of fields, what models say of them, and the table in which it is kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from unlabelled import tables
from unlabelled.phase_field.fields import Ids, ids
from unlabelled.tables import field

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]
FoldNumbers = npt.NDArray[np.int8]

#: Space of values: as they are, or log(1 + value), for a property that is never below 0.
Transform = Literal["identity", "log1p"]


class Fields(NamedTuple):
    """Fields and what is known of a property.

    Attributes
    ----------
    ids
        (n, slots) int8, see :func:`unlabelled.phase_field.fields.ids`.
    value
        (n,).
    above
        (n,), whether the value is above the threshold.
    """

    ids: Ids
    value: Floats
    above: Flags

    def take(self, rows: npt.NDArray[Any]) -> "Fields":
        """Return some of the fields, by their numbers or by a flag of each."""
        return Fields(self.ids[rows], self.value[rows], self.above[rows])


class Predictions(NamedTuple):
    """What a model says of n fields.

    Attributes
    ----------
    probability
        (n,), that the value is above the threshold, or any score from 0 to 1.
    value
        (n,).
    probability_sd, value_sd
        (n,), between the members of an ensemble; NaN of a single model.
    """

    probability: Floats
    value: Floats
    probability_sd: Floats
    value_sd: Floats


class Calibrated(NamedTuple):
    """What is said of n fields once probabilities are calibrated and values have intervals.

    Attributes
    ----------
    probability, probability_sd
        (n,) that the value is above the threshold, and the standard deviation of the score.
    value, lower, upper
        (n,) prediction and its 90 % interval.
    """

    probability: Floats
    probability_sd: Floats
    value: Floats
    lower: Floats
    upper: Floats


Trained = Callable[[Ids], Predictions]
"""Predicts fields."""

Model = Callable[[Fields, int], Trained]
"""Trained on fields with a seed."""

CrossFitted = Callable[[Fields, FoldNumbers, Ids, int], tuple[Predictions, Predictions]]
"""Trained on fields without each of their inner folds, (n,), with a seed.

Predictions of these fields, each by the model that was trained without it; and of the fields of
another array of ids, by all these models together.
"""

CrossTrained = Callable[[Fields, FoldNumbers, int], tuple[Predictions, Trained]]
"""As above, but instead of predictions of others it returns what makes them."""


def schema(unit: str) -> pa.Schema:
    """Return the schema of a table of predictions of a property that has a unit."""
    return pa.schema(
        [
            field("field", pa.string(), "symbols of the elements in alphabetical order"),
            field("repeat", pa.int16(), "partition that the fold is part of"),
            field("fold", pa.int16(), "fold held out"),
            field("held_out", pa.string(), "element or pair of elements held out, if any"),
            field("part", pa.string(), "test, or inner: left out within the training part"),
            field("value", pa.float64(), "true value", unit),
            field("above", pa.bool_(), "whether the true value is above the threshold"),
            field("score", pa.float64(), "of being above the threshold, as the model gives it"),
            field("probability", pa.float64(), "of being above the threshold, calibrated"),
            field("probability_sd", pa.float64(), "of the score, between members"),
            field("predicted", pa.float64(), "predicted value", unit),
            field("predicted_sd", pa.float64(), "of the predicted value, between members", unit),
            field("lower", pa.float64(), "lower end of the 90 % interval of the value", unit),
            field("upper", pa.float64(), "upper end", unit),
        ]
    )


def read(path: str | Path, slots: int | None = None) -> Fields:
    """Read the fields of a property.

    Parameters
    ----------
    path
        Table of :func:`unlabelled.phase_field.property_table.schema`.
    slots
        Columns of ids; by default as many as the largest field has elements.

    Raises
    ------
    UserError
        If the file is not such a table.
    ValueError
        If a field does not fit into the slots.
    """
    frame = tables.read(path, ["field", "value", "above"])
    return Fields(
        ids(frame["field"].tolist(), slots),
        frame["value"].to_numpy(float),
        frame["above"].to_numpy(bool),
    )


def transformed(values: Floats, transform: Transform) -> Floats:
    """Return values in the space where a model is trained; log1p takes those below 0 for 0."""
    return np.log1p(np.maximum(values, 0)) if transform == "log1p" else values


def restored(values: Floats, transform: Transform) -> Floats:
    """Return values from the space where a model is trained; never below 0 from that of log1p."""
    return np.expm1(np.maximum(values, 0)) if transform == "log1p" else values


def possible(values: Floats, transform: Transform) -> Floats:
    """Return values, under log1p at least 0."""
    return np.maximum(values, 0) if transform == "log1p" else values
