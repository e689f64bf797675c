"""Isotropy of what networks learn of handwritten digits, while they learn it.

Durdy et al. (arXiv:2305.16372) measure embeddings of MNIST. Their networks, sizes and training are
not stated in their code; those here are our own: one small convolutional encoder, trained as half
an autoencoder or under a linear classifier.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import lightning
import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from lightning.pytorch.callbacks import Callback
from sklearn.cluster import KMeans
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from torch.optim import AdamW
from torch.utils.data import DataLoader, TensorDataset

from unlabelled import seeds
from unlabelled.errors import UserError
from unlabelled.isotropy.digits_table import DIGITS
from unlabelled.isotropy.measures import clusters
from unlabelled.isotropy.rows import in_all_implementations, rows_of
from unlabelled.sources.digits import N_CLASSES, SIDE, Digits

log = logging.getLogger(__name__)

Kind = Literal["autoencoder", "classifier"]
Labels = npt.NDArray[np.int64]
Embedding = npt.NDArray[np.float32]

_CHANNELS = (8, 16)  # of the two convolutions
_K_MEANS_STARTS = 4


@dataclass(frozen=True, slots=True)
class Options:
    """How to train and what to measure.

    Attributes
    ----------
    held_out
        Number of digits that are not trained on, of every class alike.
    epochs
        After which embeddings are measured, besides before the first.
    learning_rate
        Of AdamW.
    digits_per_batch
        Digits of a step.
    measures
        Names in :data:`unlabelled.isotropy.measures.MEASURES`.
    """

    held_out: int
    epochs: Sequence[int]
    learning_rate: float
    digits_per_batch: int
    measures: Sequence[str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a network makes of the digits after an epoch.

    Attributes
    ----------
    epoch
        Epochs of training so far.
    loss
        On the digits held out, nats.
    trained_on, held_out
        (n, size) embeddings of the two parts.
    """

    epoch: int
    loss: float
    trained_on: Embedding
    held_out: Embedding


class Network(lightning.LightningModule):
    """An encoder of digits, and what it is trained under.

    All randomness is drawn from the seed; both kinds start with the same encoder and see the same
    batches.

    Parameters
    ----------
    kind
        ``autoencoder``, which restores the pixels, or ``classifier``, which names the digit.
    size
        Dimensions of the embedding.
    digits
        To train on.
    options
        Rate and batches.
    seed
        Of weights and order.
    """

    def __init__(self, kind: Kind, size: int, digits: Digits, options: Options, seed: int) -> None:
        super().__init__()
        self.kind = kind
        self.seed = seed
        self.options = options
        self.dataset = TensorDataset(*_tensors(digits))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seeds.integer(seed, "digits", "weights"))
            self.encoder = _encoder(size)
            self.head = _decoder(size) if kind == "autoencoder" else nn.Linear(size, N_CLASSES)

    def loss(self, pixels: Tensor, classes: Tensor) -> Tensor:
        """Cross-entropy of the pixels (n, 784) per pixel, or of the classes (n,) per digit."""
        predicted = self.head(self.encoder(pixels))
        if self.kind == "autoencoder":
            return binary_cross_entropy_with_logits(predicted, pixels)
        return cross_entropy(predicted, classes)

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        """Loss of a batch of pixels and classes."""
        del batch_idx
        return self.loss(*batch)

    def configure_optimizers(self) -> AdamW:
        """One optimiser of everything."""
        return AdamW(self.parameters(), lr=self.options.learning_rate, fused=True)

    def train_dataloader(self) -> DataLoader[Any]:
        """Batches of the current epoch."""
        order = seeds.generator(self.seed, "digits", "order", self.current_epoch)
        rows = torch.from_numpy(order.permutation(len(self.dataset)))
        # whole batches as the items, so that nothing has to be put together
        batches = torch.split(rows, self.options.digits_per_batch)
        return DataLoader(self.dataset, sampler=batches, batch_size=None)

    def snapshot(self, held_out: Digits) -> Snapshot:
        """Embed both parts as the network is now."""
        with torch.inference_mode():
            pixels, classes = _tensors(held_out)
            return Snapshot(
                self.current_epoch,
                float(self.loss(pixels, classes)),
                self.encoder(self.dataset.tensors[0]).numpy(),
                self.encoder(pixels).numpy(),
            )


class Snapshots(Callback):
    """Snapshots before the first epoch and after some others."""

    def __init__(self, held_out: Digits, epochs: Sequence[int]) -> None:
        self.held_out = held_out
        self.epochs = epochs
        self.taken: list[Snapshot] = []

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Take one of the network as so many epochs left it."""
        del trainer
        if pl_module.current_epoch in (0, *self.epochs):
            self.taken.append(pl_module.snapshot(self.held_out))

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Take the last one."""
        del trainer
        self.taken.append(pl_module.snapshot(self.held_out))


def split(digits: Digits, held_out: int, seed: int) -> tuple[Digits, Digits]:
    """Split off digits that are not trained on, as many of every class as there are.

    Parameters
    ----------
    digits
        All digits.
    held_out
        Number of digits to hold out.
    seed
        The seed of the configuration.

    Returns
    -------
    tuple
        Digits to train on, and digits held out.

    Raises
    ------
    UserError
        If one of the parts would lack a class.
    """
    state = seeds.integer(seed, "digits", "held out") % 2**32
    try:
        parts = train_test_split(
            np.arange(len(digits)),
            test_size=held_out,
            stratify=digits.classes,
            random_state=state,
        )
    except ValueError as error:
        raise UserError(
            f"digits.held_out: {held_out} of {len(digits)} digits cannot be held out: {error}"
        ) from error
    trained_on, tested_on = (digits.part(np.sort(rows)) for rows in parts)
    return trained_on, tested_on


def train(
    kind: Kind, size: int, trained_on: Digits, held_out: Digits, options: Options, seed: int
) -> list[Snapshot]:
    """Train a network, and embed the digits along the way.

    Parameters
    ----------
    kind, size
        As of :class:`Network`.
    trained_on, held_out
        The two parts of :func:`split`.
    options
        Length, rate, batches.
    seed
        Of weights and order.

    Returns
    -------
    list of Snapshot
        Untrained, then after each of the epochs.
    """
    snapshots = Snapshots(held_out, options.epochs)
    trainer = lightning.Trainer(
        accelerator="cpu",  # too small for a GPU to pay
        max_epochs=max(options.epochs),
        reload_dataloaders_every_n_epochs=1,
        callbacks=[snapshots],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Network(kind, size, trained_on, options, seed))
    return snapshots.taken


def measure(
    snapshot: Snapshot, trained_on: Digits, held_out: Digits, measures: Sequence[str], seed: int
) -> pd.DataFrame:
    """Measure the embedding of the digits held out, by class and by clusters of k-means.

    Parameters
    ----------
    snapshot
        Embeddings of both parts.
    trained_on, held_out
        The two parts.
    measures
        Names of measures; both implementations are taken where there are two.
    seed
        The seed of the configuration.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`unlabelled.isotropy.digits_table.DIGITS` from ``epoch`` on.
    """
    points = snapshot.held_out
    state = seeds.integer(seed, "digits", "k-means") % 2**32
    k_means = KMeans(N_CLASSES, n_init=_K_MEANS_STARTS, random_state=state).fit_predict(points)
    # shrunk: of a network without a class to tell, dimensions may hardly differ
    discriminant = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    discriminant.fit(snapshot.trained_on, trained_on.classes)
    chosen = in_all_implementations(measures)
    groupings = [
        pd.DataFrame(rows_of(clusters(points, labels), chosen, seed=seed)).assign(
            grouping=grouping, silhouette=silhouette_score(points, labels)
        )
        for grouping, labels in (("class", held_out.classes), ("k_means", k_means))
    ]
    return pd.concat(groupings, ignore_index=True).assign(
        epoch=snapshot.epoch,
        ari=adjusted_rand_score(held_out.classes, k_means),
        lda_accuracy=discriminant.score(points, held_out.classes),
        loss=snapshot.loss,
    )


def run(
    digits: Digits,
    kind: Kind,
    size: int,
    run_seed: int,
    options: Options,
    *,
    seed: int,
    threads: int,
) -> pd.DataFrame:
    """Train one network and measure its embeddings.

    Parameters
    ----------
    digits
        All digits.
    kind, size
        As of :class:`Network`.
    run_seed
        Number of this run.
    options
        How to train and what to measure.
    seed
        The seed of the configuration.
    threads
        Threads of all numerical libraries.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`unlabelled.isotropy.digits_table.DIGITS`.

    Raises
    ------
    UserError
        As of :func:`split`.
    """
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)  # no devices, no advice
    torch.set_num_threads(threads)
    trained_on, held_out = split(digits, options.held_out, seed)
    with threadpool_limits(threads):
        key = seeds.integer(seed, "digits", "run", run_seed)
        snapshots = train(kind, size, trained_on, held_out, options, key)
        log.info("loss %.3f before and %.3f after", snapshots[0].loss, snapshots[-1].loss)
        found = [
            measure(snapshot, trained_on, held_out, options.measures, seed)
            for snapshot in snapshots
        ]
    rows = pd.concat(found, ignore_index=True).assign(network=kind, size=size, seed=run_seed)
    return rows.reindex(columns=DIGITS.names)


def _tensors(digits: Digits) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(digits.pixels), torch.from_numpy(digits.classes)


def _encoder(size: int) -> nn.Sequential:
    """Pixels (n, 784) to embeddings (n, size), the last step linear."""
    few, many = _CHANNELS
    return nn.Sequential(
        nn.Unflatten(1, (1, SIDE, SIDE)),
        nn.Conv2d(1, few, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(few, many, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(many * (SIDE // 4) ** 2, size),
    )


def _decoder(size: int) -> nn.Sequential:
    """Embeddings (n, size) to logits of the pixels (n, 784)."""
    few, many = _CHANNELS
    return nn.Sequential(
        nn.Linear(size, many * (SIDE // 4) ** 2),
        nn.ReLU(),
        nn.Unflatten(1, (many, SIDE // 4, SIDE // 4)),
        nn.ConvTranspose2d(many, few, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.ConvTranspose2d(few, 1, 4, stride=2, padding=1),
        nn.Flatten(),
    )
