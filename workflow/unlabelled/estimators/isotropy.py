"""Clusters with their isotropy, as an estimator of scikit-learn."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted, validate_data

from unlabelled.isotropy.measures import MEASURES, clusters, isotropy
from unlabelled.isotropy.rows import rows_of


class ClusterIsotropy(BaseEstimator):  # type: ignore[misc]
    """Cluster points, and measure the shape of the clusters beside round ones of the same sizes.

    Parameters
    ----------
    clusterer
        An estimator with ``fit_predict``; None: the labels given to ``fit``, or one cluster.
    measures
        Names in :data:`unlabelled.isotropy.MEASURES`; the first is the score.
    random_state
        Of the null model.

    Attributes
    ----------
    labels_
        (n,) cluster of every point.
    clusterer_
        The fitted clusterer, if there is one.
    isotropy_
        pandas.DataFrame, a row per measure: ``value``, averaged over the clusters by their sizes;
        ``null_mean`` and ``null_sd``, that of isotropic clusters of the same sizes; ``z``, how many
        standard deviations the value is from it; ``excluded_weight``, the share of points in
        clusters too small to have a value.

    Examples
    --------
    >>> import numpy as np
    >>> from unlabelled.estimators.isotropy import ClusterIsotropy
    >>> line = np.arange(20.0)[:, None] * [1, 2, 3]
    >>> float(ClusterIsotropy(measures=["isoscore"]).fit(line).isotropy_["value"].iloc[0].round(3))
    0.0
    """

    def __init__(
        self,
        clusterer: Any = None,
        measures: Sequence[str] = ("isoscore", "i_vec"),
        random_state: int = 0,
    ) -> None:
        self.clusterer = clusterer
        self.measures = measures
        self.random_state = random_state

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike | None = None) -> Self:
        """Cluster and measure.

        Parameters
        ----------
        X
            (n, d) points, finite.
        y
            (n,) labels of clusters, looked at if there is no clusterer.

        Raises
        ------
        ValueError
            If a measure is not known, or labels and points differ in number.
        """
        unknown = [name for name in self.measures if name not in MEASURES]
        if unknown or not len(self.measures):
            raise ValueError(f"measures {unknown} are none of {', '.join(MEASURES)}")
        points = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        self.labels_ = self._labels(points, y)
        found = rows_of(
            clusters(points, self.labels_), {"corrected": self.measures}, seed=self.random_state
        )
        self.isotropy_ = pd.DataFrame(found).drop(columns="implementation")
        return self

    def score(self, X: npt.ArrayLike, y: object = None) -> float:
        """Return the first measure of the clusters that points (n, d) are predicted to be in.

        Of measures that are small for isotropic clusters, the negative.
        """
        del y
        check_is_fitted(self, "isotropy_")
        points = validate_data(self, X, dtype=np.float64, reset=False)
        labels = None if self.clusterer is None else self.clusterer_.predict(points)
        name = self.measures[0]
        found = float(isotropy(points, labels, name))
        return found if MEASURES[name].isotropic_is_high else -found

    def _labels(self, points: npt.NDArray[Any], y: npt.ArrayLike | None) -> npt.NDArray[Any]:
        if self.clusterer is not None:
            self.clusterer_ = clone(self.clusterer)
            return np.asarray(self.clusterer_.fit_predict(points))
        if y is None:
            return np.zeros(len(points), int)
        labels = np.asarray(y)
        if labels.shape != (len(points),):
            raise ValueError(f"{labels.shape} labels of {len(points)} points")
        return labels
