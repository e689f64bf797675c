"""Regressors on a frozen representation.

All heads and all arms share one scaling protocol: every feature is standardised with the mean and
the standard deviation of the labelled crystals alone, and cut off at five standard deviations, lest
a feature that hardly varies among few crystals explode on another. The heads whose name ends in
``unscaled`` take the features as they are, as the study does (fault D11).
"""

import logging
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor, VotingRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

log = logging.getLogger(__name__)

Array = NDArray[np.floating[Any]]

# wide enough for 50 to 1000 samples of 64 standardised, strongly correlated features
PENALTIES = np.logspace(-3, 6, 37)
CUT_OFF = 5.0  # standard deviations

Regressor = Any  # of scikit-learn: what has fit and predict


def linear_unscaled(random_state: int) -> Regressor:
    """Ordinary least squares, as in the study; it draws no random numbers."""
    del random_state
    return LinearRegression()


def mlp_unscaled(random_state: int) -> Regressor:
    """Perceptron with one hidden layer of 64 units and scikit-learn's defaults otherwise."""
    return MLPRegressor(hidden_layer_sizes=[64], max_iter=5000, random_state=random_state)


def linear(random_state: int) -> Regressor:
    """Ordinary least squares on standardised features; of many solutions the smallest."""
    return _scaled(linear_unscaled(random_state))


def ridge(random_state: int) -> Regressor:
    """Ridge regression, its penalty chosen by leave-one-out error; it draws no random numbers."""
    del random_state
    return _scaled(RidgeCV(alphas=PENALTIES))


def mlp(random_state: int) -> Regressor:
    """Return :func:`mlp_unscaled` on standardised features."""
    return _scaled(mlp_unscaled(random_state))


def random_forest(random_state: int) -> Regressor:
    """Random forest with scikit-learn's defaults, as in the study."""
    return _scaled(RandomForestRegressor(random_state=random_state))


def extra_trees(random_state: int) -> Regressor:
    """Extremely randomised trees, 200 of them."""
    return _scaled(ExtraTreesRegressor(200, random_state=random_state))


def trees_and_gp(random_state: int) -> Regressor:
    """Mean of extremely randomised trees and a Gaussian process: steps beside a smooth function."""
    members = [
        ("trees", ExtraTreesRegressor(200, random_state=random_state)),
        ("process", GaussianProcess(random_state)),
    ]
    return _scaled(VotingRegressor(members))


HEADS: dict[str, Callable[[int], Regressor]] = {
    "linear": linear,
    "ridge": ridge,
    "mlp": mlp,
    "random_forest": random_forest,
    "extra_trees": extra_trees,
    "trees_and_gp": trees_and_gp,
    "linear_unscaled": linear_unscaled,
    "mlp_unscaled": mlp_unscaled,
}


class GaussianProcess(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Gaussian process with a Matérn kernel (ν = 3/2, one length) and noise.

    Parameters
    ----------
    random_state
        Decides which samples, at most 250, the three hyper-parameters are fitted on by marginal
        likelihood; the prediction rests on all.
    """

    _MAX_SAMPLES = 250

    def __init__(self, random_state: int) -> None:
        self.random_state = random_state

    def fit(self, X: Array, y: Array) -> "GaussianProcess":
        """Fit hyper-parameters, then the process."""
        length = np.sqrt(X.shape[1])  # the distance of standardised samples grows like this
        kernel = ConstantKernel(1.0) * Matern(length, (0.1 * length, 100 * length), nu=1.5)
        kernel = kernel + WhiteKernel(0.1, (1e-8, 1e2))
        generator = np.random.default_rng(self.random_state)
        some = generator.permutation(len(X))[: self._MAX_SAMPLES]
        fitted = GaussianProcessRegressor(kernel, normalize_y=True).fit(X[some], y[some])
        self.process_ = GaussianProcessRegressor(fitted.kernel_, optimizer=None, normalize_y=True)
        self.process_.fit(X, y)
        return self

    def predict(self, X: Array) -> NDArray[np.float64]:
        """Mean of the process."""
        return np.asarray(self.process_.predict(X), dtype=np.float64)


def _scaled(regressor: Regressor) -> Pipeline:
    cut = FunctionTransformer(np.clip, kw_args={"a_min": -CUT_OFF, "a_max": CUT_OFF})
    return make_pipeline(StandardScaler(), cut, regressor)


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
