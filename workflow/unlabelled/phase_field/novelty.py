"""The study's score of novelty: how badly an autoencoder of known fields reconstructs a field.

It is as published, faults included: the autoencoder reconstructs standardised numbers, its outputs
lie between 0 and 1, where few standardised numbers do, and what it returns is compared with numbers
that are not standardised. So the score is large where the numbers are, which is in large fields.
"""

import logging
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from unlabelled import seeds as streams
from unlabelled.errors import UserError
from unlabelled.phase_field import descriptors
from unlabelled.phase_field.accessibility import Score
from unlabelled.phase_field.element_vectors import Vectors
from unlabelled.phase_field.fields import Ids, padded

_MIDDLE = 120  # width of the middle layer
_DROPOUT = 0.1
_BATCH = 256
_EPOCHS = 100  # at most
_PATIENCE = 13  # epochs without a lower validation loss
_VALIDATION = 0.2  # share of the rows, the last ones
_EPSILON = 1e-7  # of a standard deviation, as in Keras

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.float32]
Space = Literal["published", "standardised"]

log = logging.getLogger(__name__)


def concatenated(fields: Ids, vectors: Vectors, slots: int) -> Rows:
    """Return fields as the preprint's scripts did: vectors one after another, then zeros.

    Parameters
    ----------
    fields
        (n, at most slots) fields; their order matters.
    vectors
        (87, k) vectors of the elements.
    slots
        Places for elements.

    Returns
    -------
    numpy.ndarray
        (n, slots k).

    Raises
    ------
    ValueError
        If the fields have more slots.
    """
    if fields.shape[1] > slots:
        raise ValueError(f"fields of {fields.shape[1]} slots do not fit into {slots}")
    return descriptors.concatenated(padded(fields, slots), vectors)


class Autoencoder(nn.Module):
    """The study's autoencoder (RankingAE in its code).

    Parameters
    ----------
    rows
        (n, d) what it is trained on.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, rows: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", rows.mean(0))
        self.register_buffer("deviation", rows.std(0, correction=0).clamp(min=_EPSILON))
        d = rows.shape[1]
        layers: list[nn.Module] = [nn.Dropout(_DROPOUT)]
        for width_in, width_out in ((d, d), (d, _MIDDLE), (_MIDDLE, d)):
            layers += [nn.Linear(width_in, width_out), nn.ReLU(), nn.Dropout(_DROPOUT)]
        self.layers = nn.Sequential(*layers, nn.Linear(d, d), nn.Sigmoid())
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return rows (n, d) standardised, and their reconstruction."""
        standardised = (rows - self.mean) / self.deviation
        return standardised, self.layers(standardised)

    def loss(self, rows: Tensor) -> Tensor:
        """Mean square of what is not reconstructed."""
        standardised, reconstructed = self(rows)
        return nn.functional.mse_loss(reconstructed, standardised)


def train(rows: Rows, seeds: Sequence[int]) -> list[Autoencoder]:
    """Train autoencoders as the released code does: Adam, stopped early, last weights kept.

    Parameters
    ----------
    rows
        (n, d) numbers of known fields, any kind.
    seeds
        One per member, of its weights, dropout and order of the rows.

    Returns
    -------
    list of Autoencoder
        One per seed.

    Raises
    ------
    UserError
        If there are too few rows to validate on, or a number is not finite.
    """
    if round(_VALIDATION * len(rows)) < 1:
        raise UserError(f"{len(rows)} fields are too few to train an autoencoder on")
    if not np.isfinite(rows).all():
        raise UserError("a number that describes a known field is not finite")
    return [_train(torch.from_numpy(rows), seed) for seed in seeds]


def _train(rows: Tensor, seed: int) -> Autoencoder:
    """Train one member."""
    n = len(rows) - round(_VALIDATION * len(rows))
    best, since = np.inf, 0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Autoencoder(rows)
        optimiser = torch.optim.Adam(network.parameters(), eps=_EPSILON)
        for epoch in range(_EPOCHS):
            network.train()
            order = streams.generator(seed, "order", epoch).permutation(n)
            for chosen in torch.split(torch.from_numpy(order), _BATCH):
                optimiser.zero_grad()
                network.loss(rows[chosen]).backward()  # type: ignore[no-untyped-call]
                optimiser.step()
            network.eval()
            with torch.inference_mode():
                loss = float(network.loss(rows[n:]))
            since = 0 if loss < best else since + 1
            best = min(best, loss)
            if since == _PATIENCE:
                break
    log.info("autoencoder of %d fields: loss %.4f after %d epochs", n, loss, epoch + 1)
    return network


def distances(networks: Sequence[Autoencoder], rows: Rows, space: Space = "published") -> Floats:
    """Return how far the reconstruction of every row is from it, averaged over members.

    Parameters
    ----------
    networks
        Trained members.
    rows
        (n, d).
    space
        What the reconstruction is compared with: ``published``, the rows themselves, although it is
        the standardised rows that were reconstructed; or ``standardised``, those.

    Returns
    -------
    numpy.ndarray
        (n,) Euclidean distances.
    """
    given = torch.from_numpy(rows)
    total = torch.zeros(len(rows), dtype=torch.float64)
    with torch.inference_mode():
        for network in networks:
            standardised, reconstructed = network(given)
            compared = given if space == "published" else standardised
            total += (compared - reconstructed).norm(dim=1)
    mean: Floats = (total / len(networks)).numpy()
    return mean


def normalised(found: Floats) -> Floats:
    """Scale distances of a list of fields to 0 for the smallest and 1 for the largest.

    Equal distances are all 0.
    """
    extent = float(np.ptp(found))
    scaled: Floats = (found - found.min()) / (extent if extent > 0 else 1)
    return scaled


def familiarity(
    networks: Sequence[Autoencoder], vectors: Vectors, slots: int, space: Space = "published"
) -> Score:
    """Return the study's score, negated: the higher, the more a field resembles reported ones.

    Parameters
    ----------
    networks
        Trained on concatenated vectors of reported fields.
    vectors
        (87, k) these vectors of the elements.
    slots
        Places for elements.
    space
        As in :func:`distances`.

    Returns
    -------
    callable
        Score of fields, see :mod:`unlabelled.phase_field.accessibility`; not comparable between
        sizes.
    """

    def score(fields: Ids) -> Floats:
        return -distances(networks, concatenated(fields, vectors, slots), space)

    return score
