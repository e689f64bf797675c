"""Phase fields as rows of numbers, for models that know nothing of sets."""

import numpy as np
import numpy.typing as npt

from unlabelled.errors import UserError
from unlabelled.phase_field.element_vectors import Vectors
from unlabelled.phase_field.fields import ELEMENTS, PADDING, Ids, multi_hot

Features = npt.NDArray[np.float32]


def multi_hot_and_statistics(ids: Ids, vectors: Vectors) -> Features:
    """Describe fields by their elements and by the spread of the elements' properties.

    Neither the order of the elements nor the number of slots has a say.

    Parameters
    ----------
    ids
        (n, slots).
    vectors
        (87, k), properties of the elements.

    Returns
    -------
    numpy.ndarray
        (n, 87 + 4k + 1): whether each element is there; mean, smallest, largest and standard
        deviation (population) over the elements, of all properties; number of elements.

    Raises
    ------
    UserError
        If a field has no elements.
    ValueError
        If there are not 87 vectors.
    """
    # in one order, and in more digits than are kept: sums then do not depend on the slots
    ids = np.sort(ids, axis=1)
    sizes = _sizes(ids)
    gathered = _padded(vectors).astype(np.float64)[ids]
    absent = (ids == PADDING)[:, :, None]
    mean = gathered.sum(axis=1) / sizes
    deviation = np.where(absent, 0, gathered - mean[:, None])
    statistics = [
        mean,
        np.where(absent, np.inf, gathered).min(axis=1),
        np.where(absent, -np.inf, gathered).max(axis=1),
        np.sqrt(np.square(deviation).sum(axis=1) / sizes),
    ]
    return np.concatenate([multi_hot(ids), *statistics, sizes], axis=1, dtype=np.float32)


def concatenated(ids: Ids, vectors: Vectors) -> Features:
    """Return the vectors of the elements one after another, as the released forest reads them.

    Parameters
    ----------
    ids
        (n, slots).
    vectors
        (87, k).

    Returns
    -------
    numpy.ndarray
        (n, slots · k), in the order of the slots, zeros in empty ones.

    Raises
    ------
    ValueError
        If there are not 87 vectors.
    """
    return _padded(vectors)[ids].reshape(len(ids), -1)


def _padded(vectors: Vectors) -> Vectors:
    """Vectors with a row of zeros for empty slots, (88, k)."""
    if len(vectors) != len(ELEMENTS):
        raise ValueError(f"there are {len(vectors)} vectors, not {len(ELEMENTS)}")
    return np.pad(vectors, ((0, 1), (0, 0)))


def _sizes(ids: Ids) -> npt.NDArray[np.intp]:
    """Numbers of elements, (n, 1)."""
    sizes: npt.NDArray[np.intp] = np.count_nonzero(ids != PADDING, axis=1, keepdims=True)
    empty = np.flatnonzero(sizes == 0)
    if len(empty):
        raise UserError(f"field {empty[0]} has no elements; take it out of the table")
    return sizes
