"""How far a model of one's own fields is to be believed: it predicts fields that were held out."""

from typing import Any, NamedTuple

import pandas as pd

from unlabelled.phase_field import baselines, metrics
from unlabelled.phase_field.cross_validation import cross_validate
from unlabelled.phase_field.fields import Ids
from unlabelled.phase_field.folds import random_folds
from unlabelled.phase_field.prediction import (
    CrossFitted,
    CrossTrained,
    Fields,
    FoldNumbers,
    Predictions,
    Transform,
)

_FOLDS = 5
_MODEL, _DUMMY = "model", "dummy"


class Belief(NamedTuple):
    """What came of fields held out at random; means over the folds.

    Attributes
    ----------
    roc_auc
        Area under the ROC curve; 0.5 knows nothing.
    mae, mae_of_dummy
        Mean absolute error, and that of the median of the fields that were trained on.
    coverage, width
        Share of values within their 90 % intervals, and the median width of these.
    orders_beyond_doubt, values_beyond_doubt
        Whether area and absolute error are better than those of a constant: the 95 % interval
        of the difference over the folds is above 0.
    """

    roc_auc: float
    mae: float
    mae_of_dummy: float
    coverage: float
    width: float
    orders_beyond_doubt: bool
    values_beyond_doubt: bool


def belief(
    model: CrossTrained, fields: Fields, transform: Transform, *, n_inner: int, seed: int
) -> Belief:
    """Hold out each of five random folds in turn, and compare the model with a constant.

    Parameters
    ----------
    model
        As it is trained on all fields.
    fields
        All fields of the property.
    transform
        Under log1p no predicted value is below 0.
    n_inner
        Inner folds.
    seed
        Of folds and models.

    Raises
    ------
    UserError
        If there are too few fields of a class to divide them.
    """
    folds = random_folds(fields.above, _FOLDS, 1, seed)
    how: dict[str, Any] = {"n_inner": n_inner, "transform": transform, "seed": seed}
    of_model = cross_validate(_held_out(model), fields, folds, calibrated=True, **how)
    of_dummy = cross_validate(baselines.dummy(), fields, folds, calibrated=False, **how)
    measured = pd.concat(
        metrics.measure(rows, property_name="", split="random", model=name)
        for name, rows in ((_MODEL, of_model), (_DUMMY, of_dummy))
    )
    differences = metrics.compare(measured, _MODEL, [_DUMMY], seed=seed).set_index("metric")
    means = measured.groupby(["model", "metric"])["value"].mean()
    return Belief(
        roc_auc=float(means[_MODEL, "roc_auc"]),
        mae=float(means[_MODEL, "mae"]),
        mae_of_dummy=float(means[_DUMMY, "mae"]),
        coverage=float(means[_MODEL, "coverage"]),
        width=float(means[_MODEL, "width"]),
        orders_beyond_doubt=bool(differences["low"]["roc_auc"] > 0),
        values_beyond_doubt=bool(differences["low"]["mae"] > 0),
    )


def _held_out(model: CrossTrained) -> CrossFitted:
    def cross_fitted(
        fields: Fields, inner: FoldNumbers, others: Ids, seed: int
    ) -> tuple[Predictions, Predictions]:
        out_of_fold, trained = model(fields, inner, seed)
        return out_of_fold, trained(others)

    return cross_fitted
