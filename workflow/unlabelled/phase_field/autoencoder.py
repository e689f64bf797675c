"""Vectors of elements by the study's autoencoder, trained."""

import logging

import torch
from torch import nn

from unlabelled.phase_field.element_vectors import Vectors, coordinates
from unlabelled.phase_field.environments import Environments

_STEPS = 1000
_LEARNING_RATE = 3e-3
_NOISE = 0.2  # share of inputs that are hidden

log = logging.getLogger(__name__)


def autoencoder(found: Environments, k: int, seed: int) -> Vectors:
    """Train the study's autoencoder, one hidden layer with ReLU.

    Rows are scaled as in :func:`unlabelled.phase_field.element_vectors.svd`. A linear layer on the
    87 rows sees no more than their coordinates in the space they span, and the squared error of the
    reconstruction is the same there: 87 numbers instead of 63,384.

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
    rows = torch.from_numpy(coordinates(found)).float()
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
