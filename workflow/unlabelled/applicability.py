"""Applicability domain: whether a material is like those that something was learnt from.

The distance of a vector is that to the nearest reference, in the space of the leading principal
components of the standardised references, each of unit variance. The limit is the distance that one
reference in a hundred exceeds among references of other groups; groups, say of one reduced formula,
keep near copies of a material from making everything look far.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

Floats = npt.NDArray[np.floating[Any]]

COMPONENTS = 16
QUANTILE = 0.99
_CHUNK = 500  # vectors whose distances to all references are held at once
_LEAST_SHARE = 1e-6  # of the largest variance; components below it are rounding
_LEAST_DEVIATION = 1e-9  # of the largest one


@dataclass(frozen=True, slots=True)
class ApplicabilityDomain:
    """References and a limit.

    Attributes
    ----------
    mean
        (d,) of the vectors.
    axes
        (d, c), columns are principal axes of what is standardised, divided by the standard
        deviation along them.
    references
        (n, c) float32.
    limit
        Distance beyond which a vector is outside.
    """

    mean: Floats
    axes: Floats
    references: Floats
    limit: float

    @classmethod
    def of(cls, vectors: Floats, groups: npt.ArrayLike) -> Self:
        """Return the domain of vectors.

        Parameters
        ----------
        vectors
            (n, d); those that are NaN are left out.
        groups
            (n,) what counts as one material; at least two different ones.

        Raises
        ------
        ValueError
            If there are fewer than two groups, or no vector differs from another.
        """
        points = np.asarray(vectors, np.float64)
        known = ~np.isnan(points).any(axis=1)
        points = points[known]
        group = np.unique(np.asarray(groups)[known], return_inverse=True)[1]
        if len(group) == 0 or group.max() == 0:
            raise ValueError("a domain needs two groups")
        mean = points.mean(axis=0)
        deviation = points.std(axis=0)
        # what is constant but for its last digits has no say
        deviation[deviation <= _LEAST_DEVIATION * deviation.max()] = np.inf
        _, values, axes = np.linalg.svd((points - mean) / deviation, full_matrices=False)
        kept = np.flatnonzero(values**2 > _LEAST_SHARE * values[0] ** 2)[:COMPONENTS]
        if not len(kept):
            raise ValueError("all vectors are equal")
        scaled = axes[kept].T * (np.sqrt(len(points)) / values[kept]) / deviation[:, None]
        references = ((points - mean) @ scaled).astype(np.float32)
        nearest = np.empty(len(points))
        for start in range(0, len(points), _CHUNK):
            rows = slice(start, start + _CHUNK)
            distances = cdist(references[rows], references)
            distances[group[rows, None] == group] = np.inf
            nearest[rows] = distances.min(axis=1)
        return cls(mean, scaled, references, float(np.quantile(nearest, QUANTILE)))

    def distance(self, vectors: Floats) -> npt.NDArray[np.float64]:
        """Distances of vectors (m, d) to the nearest reference, (m,); NaN of those that are."""
        points = ((np.asarray(vectors, np.float64) - self.mean) @ self.axes).astype(np.float32)
        found = np.empty(len(points))
        for start in range(0, len(points), _CHUNK):
            rows = slice(start, start + _CHUNK)
            found[rows] = cdist(points[rows], self.references).min(axis=1)
        return found

    def arrays(self) -> dict[str, Floats]:
        """Return the domain as arrays, by name; see :meth:`of_arrays`."""
        return {
            "mean": self.mean,
            "axes": self.axes,
            "references": self.references,
            "limit": np.array([self.limit]),
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Floats]) -> Self:
        """Return the domain of what :meth:`arrays` returned."""
        limit = float(arrays["limit"][0])
        return cls(arrays["mean"], arrays["axes"], arrays["references"], limit)
