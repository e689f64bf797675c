"""Properties of sets of elements: a calibrated classifier, and a regressor with intervals."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted, column_or_1d, validate_data

from unlabelled import default_study
from unlabelled.errors import UserError
from unlabelled.phase_field import learner
from unlabelled.phase_field.calibration import conformal, platt
from unlabelled.phase_field.element_vectors import Vectors, of_table
from unlabelled.phase_field.fields import ELEMENTS, Ids, ids, names
from unlabelled.phase_field.kinds import CALIBRATED
from unlabelled.phase_field.prediction import Fields, Flags, Floats, Transform, possible
from unlabelled.phase_field.reading import fields_of


class _PhaseFields(BaseEstimator):  # type: ignore[misc]
    """What both estimators share.

    Parameters
    ----------
    model
        ``extra_trees``, ``boosting``, ``logistic``, ``neighbours`` or, with torch, ``network``.
    n_inner
        Inner folds: the model is trained without each, and calibrated on what it says of them.
    random_state
        Seed of the division and of the model.
    element_vectors
        (87, k) properties of the elements in the order of
        :data:`unlabelled.phase_field.fields.ELEMENTS`; None: Magpie's, fetched once into the user's
        cache.
    """

    def __init__(
        self,
        model: str = "extra_trees",
        n_inner: int = 5,
        random_state: int | np.random.RandomState | None = 0,
        element_vectors: npt.ArrayLike | None = None,
    ) -> None:
        self.model = model
        self.n_inner = n_inner
        self.random_state = random_state
        self.element_vectors = element_vectors

    def distance(self, X: Any) -> Floats:
        """Return how far sets are from the nearest that was trained on, (n,)."""
        check_is_fitted(self)
        return self.learnt_.distance(self._ids(X))

    def inside(self, X: Any) -> Flags:
        """Return which sets are like those trained on, (n,).

        These are no farther than 99 % of those are from others, and have no other elements.
        """
        check_is_fitted(self)
        return self.learnt_.inside(self._ids(X))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.target_tags.required = True
        return tags

    def _ids(self, X: Any, *, reset: bool = False) -> Ids:
        """Return the sets of what was given, (n, slots)."""
        if getattr(X, "ndim", 1) == 2:
            validate_data(self, X, reset=reset, skip_check_array=True)
            if X.shape[1] != 1:
                raise ValueError(f"X has {X.shape[1]} columns; give one, of formulas")
            entries = np.asarray(X, dtype=object)[:, 0].tolist()
        elif getattr(X, "ndim", 1) == 1:
            entries = list(X)
        else:
            raise ValueError(f"X has {X.ndim} dimensions; give one, of formulas")
        if reset:
            self.n_features_in_ = 1
        if not len(entries):
            raise ValueError("X is empty; give formulas or sets of elements")
        return ids(fields_of(entries))

    def _target(self, y: Any) -> npt.NDArray[Any]:
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None"
            )
        found: npt.NDArray[Any] = column_or_1d(y, warn=True)
        return found

    def _learn(self, found: Ids, value: Floats, above: Flags, transform: Transform) -> None:
        """Train the model on fields that differ."""
        if self.model not in CALIBRATED:
            raise ValueError(f"there is no model {self.model!r}: known are {', '.join(CALIBRATED)}")
        seed = self.random_state
        if not isinstance(seed, int | np.integer):
            seed = check_random_state(seed).randint(np.iinfo(np.int32).max)
        vectors = self._vectors()
        try:
            model = learner.model(self.model, vectors, transform, self._network())
            self.learnt_ = learner.learn(
                Fields(found, value, above), model, vectors, n_inner=self.n_inner, seed=int(seed)
            )
        except UserError as error:
            raise ValueError(str(error)) from error

    def _vectors(self) -> Vectors:
        if self.element_vectors is None:
            _, sources = default_study.read()
            return of_table(default_study.raw_file("magpie", sources))
        vectors: Vectors = check_array(self.element_vectors, dtype=np.float32)
        if len(vectors) != len(ELEMENTS):
            raise ValueError(f"there are {len(vectors)} element_vectors, not {len(ELEMENTS)}")
        return vectors

    def _network(self) -> dict[str, Any]:
        if self.model != "network":
            return {}
        network: dict[str, Any] = default_study.read()[0]["phase_fields"]["network"]
        return network


class PhaseFieldClassifier(ClassifierMixin, _PhaseFields):  # type: ignore[misc]
    """Classify sets of chemical elements, with calibrated probabilities.

    Parameters
    ----------
    model
        ``extra_trees``, ``boosting``, ``logistic``, ``neighbours`` or, with torch, ``network``.
    n_inner
        Inner folds: the model is trained without each, and calibrated on what it says of them.
    random_state
        Seed of the division and of the model.
    element_vectors
        (87, k) properties of the elements in the order of
        :data:`unlabelled.phase_field.fields.ELEMENTS`; None: Magpie's, fetched once into the user's
        cache.

    Attributes
    ----------
    classes_
        Both classes, (2,).
    learnt_
        What was learnt, see :class:`unlabelled.phase_field.learner.Learnt`.
    n_features_in_
        1.

    Examples
    --------
    >>> model = PhaseFieldClassifier().fit(formulas, is_superconductor)  # doctest: +SKIP
    >>> model.predict_proba(["MgB2", "Mg B", "Fe-Se"])[:, 1]  # doctest: +SKIP
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from sets of elements and their classes.

        Parameters
        ----------
        X
            (n,) or one column: formulas (``MgB2``), sets of elements (``Mg B``, ``Mg-B``) or
            :class:`pymatgen.core.Composition`.
        y
            (n,) two classes. A set that stands more than once has the larger one, if any of its
            rows has.

        Raises
        ------
        ValueError
            Naming entries that are no sets of elements; if there are not two classes, or too few
            sets of a class.
        """
        found = self._ids(X, reset=True)
        labels = self._target(y)
        check_classification_targets(labels)
        _check_lengths(found, labels)
        self.classes_, number = np.unique(labels, return_inverse=True)
        if len(self.classes_) != 2:
            raise ValueError(f"y has {len(self.classes_)} class(es): {self.classes_}; give two")
        found, value = _largest(found, number.astype(float))
        self._learn(found, value, value > 0, "identity")
        self.platt_ = platt(self.learnt_.out_of_fold.probability, value > 0)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Return calibrated probabilities of both classes, (n, 2)."""
        check_is_fitted(self)
        second = self.platt_.probability(self.learnt_.predictions(self._ids(X)).probability)
        return np.stack([1 - second, second], axis=1)

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the more probable class, (n,)."""
        chosen: npt.NDArray[Any] = self.predict_proba(X).argmax(axis=1)
        labels: npt.NDArray[Any] = self.classes_[chosen]
        return labels

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


class PhaseFieldRegressor(RegressorMixin, _PhaseFields):  # type: ignore[misc]
    """Predict a property of sets of chemical elements, with intervals.

    If no value that is trained on is negative, none that is predicted is.

    Parameters
    ----------
    model
        ``extra_trees``, ``boosting``, ``logistic`` (here: ridge regression), ``neighbours`` or,
        with torch, ``network``.
    n_inner
        Inner folds: the model is trained without each, and intervals are as wide as its errors.
    random_state
        Seed of the division and of the model.
    element_vectors
        (87, k) properties of the elements in the order of
        :data:`unlabelled.phase_field.fields.ELEMENTS`; None: Magpie's, fetched once into the user's
        cache.

    Attributes
    ----------
    learnt_
        What was learnt, see :class:`unlabelled.phase_field.learner.Learnt`.
    n_features_in_
        1.

    Examples
    --------
    >>> model = PhaseFieldRegressor().fit(formulas, critical_temperatures)  # doctest: +SKIP
    >>> model.predict_interval(["MgB2", "Mg B", "Fe-Se"])  # doctest: +SKIP
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from sets of elements and their values.

        Parameters
        ----------
        X
            (n,) or one column: formulas (``MgB2``), sets of elements (``Mg B``, ``Mg-B``) or
            :class:`pymatgen.core.Composition`.
        y
            (n,) finite values. A set that stands more than once has the largest.

        Raises
        ------
        ValueError
            Naming entries that are no sets of elements; if there are too few sets.
        """
        found = self._ids(X, reset=True)
        values = check_array(self._target(y), ensure_2d=False, dtype=np.float64)
        _check_lengths(found, values)
        found, value = _largest(found, values)
        transform = learner.transform_of(value)
        # folds hold equal shares of the larger half and of the smaller one
        above = np.zeros(len(value), bool)
        above[np.argsort(value, kind="stable")[len(value) // 2 :]] = True
        self._learn(found, value, above, transform)
        out_of_fold = self.learnt_.out_of_fold
        self.conformal_ = conformal(
            value, possible(out_of_fold.value, transform), out_of_fold.value_sd, transform
        )
        return self

    def predict(self, X: Any) -> Floats:
        """Return values, (n,)."""
        return self._predicted(X)[0]

    def predict_interval(self, X: Any) -> Floats | pd.DataFrame:
        """Return intervals that hold 90 % of values.

        Returns
        -------
        numpy.ndarray or pandas.DataFrame
            (n, 2) lower and upper ends; a table with the index of X if that has one.
        """
        predicted = self._predicted(X)
        ends = np.stack(self.conformal_.interval(*predicted), axis=1)
        if isinstance(X, pd.Series | pd.DataFrame):
            return pd.DataFrame(ends, index=X.index, columns=["lower", "upper"])
        return ends

    def _predicted(self, X: Any) -> tuple[Floats, Floats]:
        """Return values and their standard deviations, (n,) each."""
        check_is_fitted(self)
        found = self.learnt_.predictions(self._ids(X))
        return possible(found.value, self.conformal_.transform), found.value_sd


def _check_lengths(found: Ids, y: npt.NDArray[Any]) -> None:
    if len(found) != len(y):
        raise ValueError(f"X has {len(found)} entries, y has {len(y)}")


def _largest(found: Ids, values: Floats) -> tuple[Ids, Floats]:
    """Return every field once, in the order in which they are first met, and its largest value."""
    rows = pd.DataFrame({"field": names(found), "value": values})
    largest = rows.groupby("field", sort=False)["value"].max()
    return ids(largest.index.tolist()), largest.to_numpy()
