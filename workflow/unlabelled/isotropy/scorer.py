"""The measures as a scorer of scikit-learn."""

from collections.abc import Callable
from typing import Any

import numpy.typing as npt
from sklearn.pipeline import Pipeline

from unlabelled.isotropy.measures import MEASURES, Implementation, isotropy


def isotropy_scorer(
    measure: str = "i_vec", implementation: Implementation = "corrected"
) -> Callable[..., float]:
    """Return a scorer for ``scoring=`` of grid searches and cross-validation over clusterers.

    Parameters
    ----------
    measure, implementation
        As of :func:`unlabelled.isotropy.measures.isotropy`.

    Returns
    -------
    callable
        Takes a fitted clusterer with ``predict``, points and targets that are not used; returns the
        isotropy of the predicted clusters, with the sign with which more is more isotropic. The
        clusters of a pipeline are measured where its last step sees them.
    """
    sign = 1 if MEASURES[measure].isotropic_is_high else -1

    def score(estimator: Any, X: npt.ArrayLike, y: object = None) -> float:
        del y
        labels = estimator.predict(X)
        if isinstance(estimator, Pipeline) and len(estimator) > 1:
            X = estimator[:-1].transform(X)
        return sign * float(isotropy(X, labels, measure, implementation))

    return score
