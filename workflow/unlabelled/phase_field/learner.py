"""A model that is trained on all fields that one has, and may then be asked of any others.

Networks are imported where they are asked for, so that the other kinds need none of their
libraries.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from unlabelled.applicability import ApplicabilityDomain
from unlabelled.errors import UserError
from unlabelled.phase_field import baselines
from unlabelled.phase_field.calibration import Calibration, calibration
from unlabelled.phase_field.cross_validation import cross_train, draws
from unlabelled.phase_field.descriptors import multi_hot_and_statistics
from unlabelled.phase_field.element_vectors import Vectors
from unlabelled.phase_field.fields import Ids, multi_hot, names
from unlabelled.phase_field.folds import WHOLE
from unlabelled.phase_field.prediction import (
    Calibrated,
    CrossTrained,
    Fields,
    Flags,
    Floats,
    Predictions,
    Trained,
    Transform,
)

_THREADS = 1
_BLOCK = 65_536  # fields that are predicted at once


@dataclass(frozen=True, slots=True)
class Learnt:
    """What was learnt of fields.

    Attributes
    ----------
    fields
        All that were trained on.
    out_of_fold
        Predictions of them, each by the models that were trained without it.
    trained
        All models together.
    domain
        Of the fields' descriptors.
    vectors
        (87, k) properties of the elements.
    """

    fields: Fields
    out_of_fold: Predictions
    trained: Trained
    domain: ApplicabilityDomain
    vectors: Vectors

    def predictions(self, ids: Ids) -> Predictions:
        """Return what all models together say of fields (n, slots), not calibrated."""
        starts = range(0, max(len(ids), 1), _BLOCK)
        parts = [self.trained(ids[start : start + _BLOCK]) for start in starts]
        return Predictions(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def distance(self, ids: Ids) -> Floats:
        """Return how far fields (n, slots) are from the nearest that was trained on, (n,)."""
        return self.domain.distance(multi_hot_and_statistics(ids, self.vectors))

    def inside(self, ids: Ids) -> Flags:
        """Return of which fields (n, slots) the models may know something, (n,).

        Of those that are no farther than the limit of the domain, and whose elements were all met.
        (Distances do not see an element that no field has: they are along directions in which the
        fields that were trained on differ.)
        """
        met = multi_hot(self.fields.ids).any(axis=0)
        strange = (multi_hot(ids) & ~met).any(axis=1)
        found: Flags = ~strange & (self.distance(ids) <= self.domain.limit)
        return found


@dataclass(frozen=True, slots=True)
class Judge:
    """What was learnt, calibrated for both classes and values.

    Attributes
    ----------
    learnt
        What was learnt.
    calibration
        Fitted to its predictions out of fold.
    """

    learnt: Learnt
    calibration: Calibration

    def __call__(self, ids: Ids) -> Calibrated:
        """Return what to expect of fields (n, slots)."""
        return self.calibration.calibrated(self.learnt.predictions(ids))


def model(
    kind: str, vectors: Vectors, transform: Transform, network: Mapping[str, Any]
) -> CrossTrained:
    """Return a model of a kind, for one thread.

    Parameters
    ----------
    kind
        One of :data:`unlabelled.phase_field.kinds.CALIBRATED`.
    vectors
        (87, k) properties of the elements.
    transform
        In which space errors are judged.
    network
        Settings of networks.

    Raises
    ------
    UserError
        If the library of networks is not installed.
    """
    if kind != "network":
        return cross_train(baselines.calibrated(kind, vectors, transform, _THREADS))
    try:
        from unlabelled.phase_field import ensemble, models
    except ModuleNotFoundError as error:
        raise UserError(
            f"the model {kind!r} needs {error.name}: pip install 'unlabelled[networks]', or choose "
            "another"
        ) from error
    options = models.ensemble_options(network, network["members"])
    return ensemble.cross_trained(vectors, options, transform, _THREADS, network["accelerator"])


def learn(
    fields: Fields, model: CrossTrained, vectors: Vectors, *, n_inner: int, seed: int
) -> Learnt:
    """Train a model on all fields, and on all but one inner fold at a time.

    Parameters
    ----------
    fields
        All fields of the property.
    model
        What is trained.
    vectors
        (87, k) properties of the elements, by which fields are described for distances.
    n_inner
        Number of inner folds.
    seed
        Of the division and of the model.

    Raises
    ------
    UserError
        If there are fewer fields than inner folds, or fewer than two of a class.
    """
    inner, of_model = draws(WHOLE, fields.above, n_inner, seed)
    out_of_fold, trained = model(fields, inner, of_model)
    domain = ApplicabilityDomain.of(
        multi_hot_and_statistics(fields.ids, vectors), np.array(names(fields.ids))
    )
    return Learnt(fields, out_of_fold, trained, domain, vectors)


def judge(
    fields: Fields,
    model: CrossTrained,
    vectors: Vectors,
    transform: Transform,
    *,
    n_inner: int,
    seed: int,
) -> Judge:
    """Train a model on all fields and calibrate it, see :func:`learn`."""
    learnt = learn(fields, model, vectors, n_inner=n_inner, seed=seed)
    fitted = calibration(fields.value, fields.above, learnt.out_of_fold, transform)
    return Judge(learnt, fitted)


def transform_of(values: Floats) -> Transform:
    """Return log1p where no value is negative: then none below 0 is expected of other fields."""
    return "log1p" if (values >= 0).all() else "identity"
