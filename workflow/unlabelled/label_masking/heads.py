"""Regressors on a frozen representation.

All heads and all arms share one scaling protocol: every feature is standardised with the mean and
the standard deviation of the labelled crystals alone.
"""

import logging
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

log = logging.getLogger(__name__)

Array = NDArray[np.floating[Any]]

# wide enough for 50 to 1000 samples of 64 standardised, strongly correlated features
PENALTIES = np.logspace(-3, 6, 37)


def ridge(random_state: int) -> Pipeline:
    """Ridge regression, its penalty chosen by leave-one-out error; it draws no random numbers."""
    del random_state
    return make_pipeline(StandardScaler(), RidgeCV(alphas=PENALTIES))


def mlp(random_state: int) -> Pipeline:
    """Perceptron with one hidden layer of 64 units and scikit-learn's defaults otherwise."""
    regressor = MLPRegressor(hidden_layer_sizes=[64], max_iter=5000, random_state=random_state)
    return make_pipeline(StandardScaler(), regressor)


HEADS: dict[str, Callable[[int], Pipeline]] = {"ridge": ridge, "mlp": mlp}


def fit_predict(
    head: str, X_train: Array, y_train: Array, X_test: Array, *, random_state: int
) -> NDArray[np.float64]:
    """Fit a head on the labelled crystals and predict the others.

    Parameters
    ----------
    head
        Name in :data:`HEADS`.
    X_train
        Representation of the labelled crystals, (n, d).
    y_train
        Their labels, (n,), in the unit of the label.
    X_test
        Representation of the crystals to predict, (m, d).
    random_state
        Seed of the head, below 2³².

    Returns
    -------
    numpy.ndarray
        Predictions, (m,), in the unit of the label.

    Raises
    ------
    ValueError
        If the head is unknown or an input is not finite.
    """
    if head not in HEADS:
        raise ValueError(f"unknown head {head!r}: choose from {', '.join(HEADS)}")
    model = HEADS[head](random_state)
    # warnings are recorded to name a head that does not converge in the log, not on the screen;
    # one thread: these matrices are so small that more threads make a fit ten times slower
    with (
        warnings.catch_warnings(record=True) as caught,
        threadpool_limits(1, user_api="blas"),
    ):
        warnings.simplefilter("always")
        model.fit(np.asarray(X_train, dtype=np.float64), y_train)
    for warning in caught:
        log.warning("%s on %d labels: %s", head, len(y_train), warning.message)
    prediction = model.predict(np.asarray(X_test, dtype=np.float64))
    return np.asarray(prediction, dtype=np.float64)
