"""Vectors of elements: from the environments they occur in, or from tables of their properties.

*Published*: an autoencoder whose training never takes place. The released code calls its encoder
once while the graph is built, so what the models see are random projections of the standardised
rows of the matrix, frozen, another one for every model.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from unlabelled import tables
from unlabelled.phase_field.environments import Environments
from unlabelled.phase_field.fields import ATOMIC_NUMBERS, ELEMENTS
from unlabelled.sources import elements as element_tables

Floats = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.float32]


def published(found: Environments, k: int, random: np.random.Generator) -> Vectors:
    """Project the standardised environments at random, as the released code does.

    relu(Z W), Z the matrix with columns of mean 0 and variance 1, W uniform after Glorot and Bengio
    for the width of the study's matrix (a column for every pair). Z is as dense as W is, and never
    made: ((E - μ)/σ) W = E (W/σ) - (μ/σ) W.

    Parameters
    ----------
    found
        Environments of the elements.
    k
        Length of the vectors.
    random
        Draws W.

    Returns
    -------
    numpy.ndarray
        (87, k).
    """
    mean = np.asarray(found.matrix.sum(axis=0)) / len(ELEMENTS)
    limit = np.sqrt(6 / (found.n_pairs + k))
    weights = random.uniform(-limit, limit, (len(mean), k))
    deviation = np.sqrt(mean * (1 - mean))[:, None]
    # a column that all elements share is the same for all of them, so it has no say
    weights = np.divide(weights, deviation, out=np.zeros_like(weights), where=deviation > 0)
    vectors: Vectors = np.maximum(found.matrix @ weights - mean @ weights, 0).astype(np.float32)
    return vectors


def svd(found: Environments, k: int) -> Vectors:
    """Return the leading components of the elements' environments.

    Rows are first scaled to length 1, so that how often an element was used does not decide; those
    of elements without an environment are zero.

    Parameters
    ----------
    found
        Environments of the elements.
    k
        Number of components.

    Returns
    -------
    numpy.ndarray
        (87, k), signs such that the largest number of a component is positive.
    """
    return coordinates(found)[:, :k].astype(np.float32)


def coordinates(found: Environments) -> Floats:
    """Return coordinates of the rows, scaled to length 1, along their principal axes, (87, 87)."""
    lengths = np.sqrt(found.matrix.sum(axis=1))
    scales = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    cosines = (found.matrix @ found.matrix.T).toarray() * scales * scales[:, None]
    squares, axes = np.linalg.eigh(cosines)
    axes = axes[:, ::-1] * np.sqrt(np.maximum(squares[::-1], 0))
    signs = np.sign(axes[abs(axes).argmax(axis=0), np.arange(len(axes))])
    coordinates: Floats = axes * np.where(signs == 0, 1, signs)
    return coordinates


def of_table(path: str | Path) -> Vectors:
    """Return standardised properties of the elements.

    Parameters
    ----------
    path
        Table of :func:`unlabelled.sources.elements.read`; a missing property is the median of the
        elements that have it.

    Returns
    -------
    numpy.ndarray
        (87, n_properties), constant ones left out.
    """
    values = element_tables.read(path)
    values = np.where(np.isnan(values), np.nanmedian(values, axis=0), values)
    rows = values[ATOMIC_NUMBERS]
    rows = rows[:, rows.std(axis=0) > 0]
    vectors: Vectors = ((rows - rows.mean(axis=0)) / rows.std(axis=0)).astype(np.float32)
    return vectors


def read(path: str | Path) -> Vectors:
    """Read vectors that :func:`unlabelled.phase_field.vector_tables.write` wrote, (87, k)."""
    vectors: Vectors = np.stack(tables.read(path, ["vector"])["vector"].tolist())
    return vectors
