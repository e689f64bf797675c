"""Models that are not networks of sets: what a network has to be compared with.

Each function returns a :data:`~unlabelled.phase_field.prediction.Model` with two heads, one for the
class and one for the value, trained apart. The same fields and seed give the same predictions, with
any number of threads (those of boosting up to rounding).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from unlabelled import seeds
from unlabelled.phase_field.descriptors import concatenated, multi_hot_and_statistics
from unlabelled.phase_field.element_vectors import Vectors
from unlabelled.phase_field.fields import Ids, multi_hot
from unlabelled.phase_field.prediction import (
    Fields,
    Flags,
    Floats,
    Model,
    Predictions,
    Trained,
    Transform,
    restored,
    transformed,
)

# of features tried at a split in regression: 3 times as fast as all of them, and no worse (absolute
# errors smaller by 1 % in a random fold of Tc and of Curie temperatures)
_SHARE = 1 / 3
_ITERATIONS = 300  # of boosting
_TIE = 1e-6  # of a standard deviation
_NEIGHBOURS = 10
_NEAREST = 1e-6  # distance of a field that is trained on to itself
_CHUNK = 1024  # fields whose distances to all others are held at once
_TREES = 100  # for each of the inner folds, whose forests are averaged

Describe = Callable[[Ids], npt.NDArray[Any]]


def calibrated(kind: str, vectors: Vectors | None, transform: Transform, threads: int) -> Model:
    """Return the model of a kind that is trained without each inner fold.

    Parameters
    ----------
    kind
        One of :data:`unlabelled.phase_field.kinds.CALIBRATED` but the network.
    vectors
        (87, k) properties of the elements, if the kind needs any.
    transform, threads
        As of :func:`logistic`.

    Raises
    ------
    ValueError
        If vectors are needed, or there is no such kind.
    """
    if kind == "logistic":
        return logistic(transform, threads)
    if kind == "neighbours":
        return neighbours(transform, threads)
    if vectors is None:
        raise ValueError(f"{kind} needs vectors of the elements")
    if kind == "extra_trees":
        return extra_trees(vectors, threads, _TREES)
    if kind == "boosting":
        return boosting(vectors, threads)
    raise ValueError(f"there is no model {kind!r} here")


def dummy() -> Model:
    """Return the model that knows the shares alone.

    Its score is the share of fields above the threshold, its value their median, which has the
    least absolute error of all constants (the study's dummy is the mean).
    """

    def model(fields: Fields, seed: int) -> Trained:
        share, median = fields.above.mean(), np.median(fields.value)
        return lambda ids: _single(np.full(len(ids), share), np.full(len(ids), median))

    return model


def logistic(transform: Transform, threads: int) -> Model:
    """Return logistic and ridge regression on which elements are there.

    Parameters
    ----------
    transform
        In which space values are regressed.
    threads
        Most threads.
    """

    def model(fields: Fields, seed: int) -> Trained:
        features = multi_hot(fields.ids).astype(float)
        with threadpool_limits(threads):
            classifier = LogisticRegression(max_iter=1000).fit(features, fields.above)
            regressor = Ridge().fit(features, transformed(fields.value, transform))
        return _Linear(classifier, regressor, transform, threads)

    return model


def extra_trees(vectors: Vectors, threads: int, trees: int = 300) -> Model:
    """Return extremely randomised trees on elements and statistics of their properties.

    Values are averaged as they are: in the space of log(1 + value), absolute errors of temperatures
    are larger by 2 to 3 % and squared ones by 8 to 12 % (five random folds).

    Parameters
    ----------
    vectors
        (87, k) properties of the elements.
    threads
        Most threads.
    trees
        Number of trees of either head.
    """
    classifier = ExtraTreesClassifier(trees, n_jobs=threads)
    regressor = ExtraTreesRegressor(trees, max_features=_SHARE, n_jobs=threads)
    return _forest(
        "extra trees",
        classifier,
        regressor,
        partial(multi_hot_and_statistics, vectors=vectors),
    )


def published_forest(vectors: Vectors, threads: int) -> Model:
    """Return the study's baseline: 100 trees of depth 4 on concatenated properties.

    The order of the elements matters to it, and all ids must have the same number of slots.

    Parameters
    ----------
    vectors
        (87, k) properties of the elements.
    threads
        Most threads.
    """
    classifier = RandomForestClassifier(100, max_depth=4, n_jobs=threads)
    regressor = RandomForestRegressor(100, max_depth=4, n_jobs=threads)
    return _forest(
        "published forest",
        classifier,
        regressor,
        partial(concatenated, vectors=vectors),
    )


def boosting(vectors: Vectors, threads: int) -> Model:
    """Return 300 rounds of gradient boosting on elements and statistics of their properties.

    Values are regressed by their absolute error, whose best constant, the median, is the same in
    every space. Equal values are told apart by a millionth of their standard deviation, at random:
    where more than half of them are equal, gaps of metals say, they are the constant that the
    library starts from, all residuals have one sign and it learns nothing.

    Parameters
    ----------
    vectors
        (87, k) properties of the elements.
    threads
        Most threads.
    """

    def model(fields: Fields, seed: int) -> Trained:
        features = multi_hot_and_statistics(fields.ids, vectors)
        settings = {"max_iter": _ITERATIONS, "early_stopping": False}
        classifier = HistGradientBoostingClassifier(
            **settings, random_state=_seed(seed, "boosting", "class")
        )
        regressor = HistGradientBoostingRegressor(
            **settings, loss="absolute_error", random_state=_seed(seed, "boosting", "value")
        )
        random = seeds.generator(seed, "phase_field", "boosting", "ties")
        noise = _TIE * fields.value.std() * random.uniform(-1, 1, len(fields.value))
        with threadpool_limits(threads):
            classifier.fit(features, fields.above)
            regressor.fit(features, fields.value + noise)
        return _Boosted(classifier, regressor, vectors, threads)

    return model


def neighbours(transform: Transform, threads: int) -> Model:
    """Return means over the 10 nearest sets, weighted by one over their Jaccard distance.

    The distance of two sets is the share of their elements that only one of them has. In five
    random folds of Tc and of Curie temperatures, the area under the ROC curve is larger by 0.027
    and 0.005 than with the Euclidean distance of mean Magpie vectors, the absolute error smaller by
    12 and 5 %.
    The share of all fields above the threshold counts as one neighbour more in the score: ten
    neighbours of one class do not make the class certain.

    Parameters
    ----------
    transform
        In which space values are averaged.
    threads
        Most threads.
    """

    def model(fields: Fields, seed: int) -> Trained:
        known = multi_hot(fields.ids).astype(np.float32)
        values = transformed(fields.value, transform)
        return _Neighbours(known, fields.above, values, transform, threads)

    return model


# What is trained: classes, not closures, so that it can be pickled.


@dataclass(frozen=True, slots=True)
class _Linear:
    classifier: LogisticRegression
    regressor: Ridge
    transform: Transform
    threads: int

    def __call__(self, ids: Ids) -> Predictions:
        rows = multi_hot(ids).astype(float)
        with threadpool_limits(self.threads):
            value = restored(self.regressor.predict(rows), self.transform)
            return _single(self.classifier.predict_proba(rows)[:, 1], value)


@dataclass(frozen=True, slots=True)
class _Boosted:
    classifier: HistGradientBoostingClassifier
    regressor: HistGradientBoostingRegressor
    vectors: Vectors
    threads: int

    def __call__(self, ids: Ids) -> Predictions:
        rows = multi_hot_and_statistics(ids, self.vectors)
        with threadpool_limits(self.threads):
            score = self.classifier.predict_proba(rows)[:, 1]
            return _single(score, self.regressor.predict(rows))


@dataclass(frozen=True, slots=True)
class _Neighbours:
    known: npt.NDArray[np.float32]
    above: Flags
    values: Floats
    transform: Transform
    threads: int

    def __call__(self, ids: Ids) -> Predictions:
        n_neighbours, share = min(_NEIGHBOURS, len(self.known)), self.above.mean()
        scores, means = np.empty((2, len(ids)))
        for start in range(0, len(ids), _CHUNK):
            rows = slice(start, start + _CHUNK)
            with threadpool_limits(self.threads):
                distances = _jaccard(multi_hot(ids[rows]).astype(np.float32), self.known)
            # fields equally far are taken in the order of the table
            near = np.argsort(distances, axis=1, kind="stable")[:, :n_neighbours]
            nearest = np.take_along_axis(distances, near, axis=1).astype(float)
            weights = 1 / np.maximum(nearest, _NEAREST)
            weights /= weights.sum(axis=1, keepdims=True)
            of_near = (weights * self.above[near]).sum(axis=1)
            scores[rows] = (n_neighbours * of_near + share) / (n_neighbours + 1)
            means[rows] = (weights * self.values[near]).sum(axis=1)
        return _single(scores, restored(means, self.transform))


@dataclass(frozen=True, slots=True)
class _Forest:
    describe: Describe
    classifier: Any
    regressor: Any

    def __call__(self, ids: Ids) -> Predictions:
        rows = self.describe(ids)
        score, score_sd = _moments(
            tree.predict_proba(rows)[:, 1] for tree in self.classifier.estimators_
        )
        value, value_sd = _moments(tree.predict(rows) for tree in self.regressor.estimators_)
        return Predictions(score, value, score_sd, value_sd)


def _forest(name: str, classifier: Any, regressor: Any, describe: Describe) -> Model:
    def model(fields: Fields, seed: int) -> Trained:
        features = describe(fields.ids)
        # clones, so that one trained earlier stays as it was
        of_class = clone(classifier).set_params(random_state=_seed(seed, name, "class"))
        of_class.fit(features, fields.above)
        of_value = clone(regressor).set_params(random_state=_seed(seed, name, "value"))
        of_value.fit(features, fields.value)
        return _Forest(describe, of_class, of_value)

    return model


def _moments(members: Iterable[Floats]) -> tuple[Floats, Floats]:
    """Return mean and standard deviation over members, added up in their order.

    A forest's own mean depends in its last digits on which thread is done first.
    """
    mean, squares = np.zeros(1), np.zeros(1)
    for count, member in enumerate(members, 1):
        away = member - mean
        mean = mean + away / count
        squares = squares + away * (member - mean)
    return mean, np.sqrt(squares / count)


def _jaccard(some: Any, others: Any) -> Any:
    shared = some @ others.T
    either = some.sum(axis=1)[:, None] + others.sum(axis=1) - shared
    return 1 - shared / either


def _single(score: Floats, value: Floats) -> Predictions:
    unknown = np.full(len(score), np.nan)
    return Predictions(score, value, unknown, unknown)


def _seed(seed: int, *key: str) -> int:
    return seeds.integer(seed, "phase_field", *key) % 2**32
