"""Vectors of elements: from the environments they occur in, or from tables of their properties.

*Published*: an autoencoder whose training never takes place. The released code calls its encoder
once while the graph is built, so what the models see are random projections of the standardised
rows of the matrix, frozen, another one for every model.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import torch
from torch import nn

from unlabelled import tables
from unlabelled.phase_field import environments
from unlabelled.phase_field.environments import Environments
from unlabelled.phase_field.fields import ATOMIC_NUMBERS, ELEMENTS
from unlabelled.sources import elements as element_tables
from unlabelled.tables import field

_STEPS = 1000  # of the autoencoder
_LEARNING_RATE = 3e-3
_NOISE = 0.2  # share of inputs that are hidden

Floats = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.float32]

log = logging.getLogger(__name__)


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
    return _coordinates(found)[:, :k].astype(np.float32)


def autoencoder(found: Environments, k: int, seed: int) -> Vectors:
    """Train the study's autoencoder, one hidden layer with ReLU, on rows as in :func:`svd`.

    A linear layer on the 87 rows sees no more than their coordinates in the space they span, and
    the squared error of the reconstruction is the same there: 87 numbers instead of 63,384.

    Parameters
    ----------
    found
        Environments of the elements.
    k
        Length of the vectors.
    seed
        Of initial weights and of the hidden inputs.

    Returns
    -------
    numpy.ndarray
        (87, k).
    """
    rows = torch.from_numpy(_coordinates(found)).float()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = nn.Sequential(nn.Linear(rows.shape[1], k), nn.ReLU())
        decoder = nn.Linear(k, rows.shape[1])
        parameters = [*encoder.parameters(), *decoder.parameters()]
        optimiser = torch.optim.Adam(parameters, lr=_LEARNING_RATE)
        for _ in range(_STEPS):
            optimiser.zero_grad()
            hidden = nn.functional.dropout(rows, _NOISE)
            loss = nn.functional.mse_loss(decoder(encoder(hidden)), rows)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    with torch.inference_mode():
        vectors = encoder(rows)
        left = float(((decoder(vectors) - rows) ** 2).sum() / (rows**2).sum())
    log.info("autoencoder of size %d: %.3f of the squares are not reconstructed", k, left)
    found_vectors: Vectors = vectors.numpy()
    return found_vectors


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


def write(
    settings: Mapping[str, Any],
    sources: Sequence[str | Path],
    destination: str | Path,
    seed: int,
    provenance: Mapping[str, Any],
) -> None:
    """Make vectors of the elements and write them.

    Parameters
    ----------
    settings
        ``method`` (svd or autoencoder) and ``size``; ``table``; or ``of``.
    sources
        Table of environments, of element properties, or of each of the vectors that are joined:
        each is scaled to numbers of variance 1.
    destination
        Table to write: element, vector.
    seed
        Of an autoencoder.
    provenance
        Stored in the metadata.
    """
    if "of" in settings:
        parts = [read(source) for source in sources]
        vectors = np.concatenate([part / part.std() for part in parts], axis=1)
    elif "table" in settings:
        vectors = of_table(sources[0])
    elif settings["method"] == "svd":
        vectors = svd(environments.read(sources[0]), settings["size"])
    else:
        vectors = autoencoder(environments.read(sources[0]), settings["size"], seed)
    kind = pa.list_(pa.float32(), vectors.shape[1])
    schema = pa.schema(
        [field("element", pa.string(), "symbol"), field("vector", kind, "vector of the element")]
    )
    rows = pd.DataFrame({"element": ELEMENTS, "vector": list(vectors)})
    tables.write(rows, destination, schema, provenance)


def read(path: str | Path) -> Vectors:
    """Read vectors that :func:`write` wrote, (87, k)."""
    vectors: Vectors = np.stack(tables.read(path, ["vector"])["vector"].tolist())
    return vectors


def _coordinates(found: Environments) -> Floats:
    """Coordinates of the rows, scaled to length 1, along their principal axes, (87, 87)."""
    lengths = np.sqrt(found.matrix.sum(axis=1))
    scales = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    cosines = (found.matrix @ found.matrix.T).toarray() * scales * scales[:, None]
    squares, axes = np.linalg.eigh(cosines)
    axes = axes[:, ::-1] * np.sqrt(np.maximum(squares[::-1], 0))
    signs = np.sign(axes[abs(axes).argmax(axis=0), np.arange(len(axes))])
    coordinates: Floats = axes * np.where(signs == 0, 1, signs)
    return coordinates
