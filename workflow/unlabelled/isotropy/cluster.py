"""A cluster of points: its moments, axes and projections, each computed once and when asked for."""

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh

Floats = npt.NDArray[np.float64]

_BYTES_AT_ONCE = 2**21  # of rows in float64: they stay in the cache


class Cluster:
    """Points in a space of any dimension.

    Rows are read in blocks, so a memory-mapped or single-precision table is never copied whole.

    Parameters
    ----------
    X
        (n, d) points as rows, finite.
    dimensions
        Number of dimensions of the space, if X holds coordinates within a subspace that passes
        through the origin; by default d.

    Raises
    ------
    ValueError
        If `X` is no table of finite numbers with at least one row and column.
    """

    def __init__(self, X: npt.ArrayLike, dimensions: int | None = None) -> None:
        self.points = np.asarray(X)
        if self.points.ndim != 2 or 0 in self.points.shape:
            raise ValueError(
                f"points have the shape {self.points.shape}; needed is (points, features), "
                "at least one of each"
            )
        self.n, coordinates = self.points.shape
        self.d = dimensions or coordinates
        if not np.isfinite(self.centre).all():
            # a sum is finite only if every term is, but for overflow
            raise ValueError("points hold NaN or infinite numbers; take these rows out first")

    @classmethod
    def of(cls, X: "npt.ArrayLike | Cluster") -> "Cluster":
        """Return `X` as a cluster, itself if it is one already."""
        return X if isinstance(X, Cluster) else cls(X)

    @cached_property
    def centre(self) -> Floats:
        """Mean of the points, one number per coordinate."""
        mean: Floats = self.points.mean(axis=0, dtype=np.float64)
        return mean

    @cached_property
    def mean_distance(self) -> float:
        """Mean distance of the points to their centre."""
        norms = [np.sqrt(np.einsum("nd,nd->n", rows, rows)).sum() for rows in self.centred()]
        return float(sum(norms) / self.n)

    @cached_property
    def mean_fourth_power(self) -> float:
        """Mean fourth power of the distance to the centre."""
        powers = [(np.einsum("nd,nd->n", rows, rows) ** 2).sum() for rows in self.centred()]
        return float(sum(powers) / self.n)

    @property
    def undefined(self) -> str | None:
        """Why no measure of shape is defined, or None if one is."""
        if self.n < 2:
            return "one point"
        scale = np.abs(self.centre).max() + self.mean_distance
        # what rounding leaves of identical points
        if self.mean_distance <= 8 * np.finfo(np.float64).eps * scale:
            return "no variance"
        return None

    def centred(self) -> Iterator[Floats]:
        """Yield the points minus their centre in blocks of rows, float64."""
        rows = max(_BYTES_AT_ONCE // (8 * self.points.shape[1]), 1)
        for start in range(0, self.n, rows):
            yield self.points[start : start + rows] - self.centre

    @cached_property
    def gram(self) -> Floats:
        """The smaller of XᵀX and XXᵀ (n, n) of the centred points."""
        coordinates = self.points.shape[1]
        if self.n <= coordinates:
            centred = self.points - self.centre
            return np.asarray(centred @ centred.T)
        gram = np.zeros((coordinates, coordinates))
        for rows in self.centred():
            gram += rows.T @ rows
        return gram

    @cached_property
    def moments(self) -> tuple[float, float]:
        """Sum of the eigenvalues of the covariance (ddof 1), and sum of their squares."""
        total = np.trace(self.gram) / (self.n - 1)
        squares = np.einsum("ij,ij->", self.gram, self.gram) / (self.n - 1) ** 2
        return float(total), float(squares)

    @cached_property
    def _decomposition(self) -> tuple[Floats, Floats]:
        squares, vectors = eigh(self.gram)
        return np.maximum(squares, 0), vectors

    @cached_property
    def singular_values(self) -> Floats:
        """Singular values of the centred points, ascending, zero or more of them left out."""
        return np.sqrt(self._decomposition[0][-self.rank :])

    @cached_property
    def rank(self) -> int:
        """Number of axes along which the points differ by more than rounding."""
        lengths = np.sqrt(self._decomposition[0])
        # eigenvalues of the Gram matrix carry its rounding, of the square root of which this is
        least = lengths[-1] * np.sqrt(max(self.n, self.d) * np.finfo(np.float64).eps)
        return int((lengths > least).sum())

    def projections(self) -> Iterator[Floats]:
        """Yield the centred points on their principal axes in blocks of rows, (rows, rank)."""
        vectors = self._decomposition[1][:, -self.rank :]
        if self.n <= self.points.shape[1]:
            yield vectors * self.singular_values
        else:
            for rows in self.centred():
                yield rows @ vectors
