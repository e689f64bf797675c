"""Pre-training: the steps of the objective, driven by Lightning."""

import logging
import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import pandas as pd
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from torch import Tensor, nn
from torch.optim import AdamW
from torch.utils.data import DataLoader, Sampler

from unlabelled import seeds
from unlabelled.device import Accelerator, device
from unlabelled.errors import UserError
from unlabelled.infomax.checkpoints import SafetensorsCheckpoint
from unlabelled.infomax.initial import initialise
from unlabelled.infomax.objective import false_samples
from unlabelled.infomax.options import InfoMaxOptions
from unlabelled.infomax.samples import FalseSamples
from unlabelled.point_set.batch import pack
from unlabelled.point_set.quotient import SiteClasses
from unlabelled.point_set.ragged import RaggedBatch, collate
from unlabelled.point_set.shards import Shards
from unlabelled.site_net.encoder import SiteNet

log = logging.getLogger(__name__)

_PROBE_LEARNING_RATE = 1e-3


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How long and on what to train; the same for all variants.

    Attributes
    ----------
    learning_rate
        Of AdamW (amsgrad, eps 1e-7, weight decay 1e-4, as in the study).
    max_epochs
        Upper limit of epochs.
    patience
        Stop after so many epochs without a better validation.
    sites_per_batch
        Largest number of primitive sites of a batch.
    accelerator
        Where to train; ``auto`` takes a GPU if there is one.
    devices
        How many devices; with more than one, batches are shared out and gradients averaged.
    """

    learning_rate: float
    max_epochs: int
    patience: int
    sites_per_batch: int
    accelerator: Accelerator = "auto"
    devices: int = 1


@dataclass(frozen=True)
class Crystals:
    """Crystals and labels (n, T) for the probe, NaN where unknown.

    By classes of sites or by sites, as :attr:`InfoMaxOptions.quotient` has it.
    """

    point_sets: Sequence[SiteClasses]
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.point_sets)

    def __getitem__(self, index: int) -> tuple[SiteClasses, np.ndarray]:
        return self.point_sets[index], self.labels[index]

    def part(self, indices: np.ndarray) -> "Crystals":
        """Return the crystals at `indices`."""
        crystals = self.point_sets
        if isinstance(crystals, Shards):  # stay on disk
            return Crystals(crystals.part(indices), self.labels[indices])
        return Crystals([crystals[i] for i in indices], self.labels[indices])

    @cached_property
    def n_sites(self) -> np.ndarray:
        """Primitive sites of every crystal, (n,)."""
        if isinstance(self.point_sets, Shards):
            return self.point_sets.n_sites
        return np.array([crystal.n_sites for crystal in self.point_sets])


class Batches(Sampler[list[int]]):
    """Batches of one epoch, by number of primitive sites; the share of one device.

    Parameters
    ----------
    n_sites
        Primitive sites of every crystal.
    order
        Order of the crystals.
    budget
        Largest number of primitive sites in a batch.
    rank, world
        This device and the number of devices. All get the same number of batches; the first ones
        are repeated if they do not divide evenly.
    """

    def __init__(
        self, n_sites: np.ndarray, order: np.ndarray, budget: int, rank: int, world: int
    ) -> None:
        batches = pack(n_sites, order, budget)
        shared = math.ceil(len(batches) / world) * world
        self.batches = list(islice(cycle(batches), rank, shared, world))

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


def _collate(items: list[tuple[SiteClasses, np.ndarray]]) -> RaggedBatch:
    crystals, labels = zip(*items, strict=True)
    return collate(crystals, np.stack(labels))


class PreTraining(lightning.LightningModule):
    """Alternating steps of the local and the global stage.

    All randomness of a step is drawn from the seed, the epoch and the number of the batch, so that
    a resumed run equals an uninterrupted one.

    Parameters
    ----------
    options
        Variant of the objective.
    training
        Length, rate, batches.
    crystals
        All crystals; a share is kept for validation.
    seed
        Seed of initialisation, split, order and draws.
    """

    def __init__(
        self,
        options: InfoMaxOptions,
        training: TrainingOptions,
        crystals: Crystals,
        seed: int,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.options = options
        self.training_options = training
        self.seed = seed
        self.infomax = initialise(options, seed, crystals.labels.shape[1])
        order = seeds.generator(seed, "infomax", "validation part").permutation(len(crystals))
        n_validation = int(options.validation_fraction * len(crystals))
        self.validation_part = crystals.part(np.sort(order[:n_validation]))
        self.train_part = crystals.part(np.sort(order[n_validation:]))
        self._local_stage = self.infomax.local_stage
        self._global_stage = self.infomax.global_stage

    def on_fit_start(self) -> None:
        """Compile the two stages where that pays: on a GPU, where the model is by now."""
        if self.device.type == "cuda":
            self._local_stage = torch.compile(self.infomax.local_stage, dynamic=True)
            self._global_stage = torch.compile(self.infomax.global_stage, dynamic=True)

    def configure_optimizers(self) -> list[AdamW]:
        """One optimiser for each part that is trained on a loss of its own."""
        model = self.infomax
        rate = self.training_options.learning_rate
        groups: list[tuple[list[nn.Module | None], float]] = [
            (
                [
                    model.encoder.local,
                    model.local_log_variance,
                    model.site_projection,
                    model.constituent_projection,
                ],
                rate,
            ),
            (
                [
                    model.encoder.pooled,
                    model.global_log_variance,
                    model.crystal_projection,
                    model.member_projection,
                ],
                rate,
            ),
            ([model.composition_decoder], rate),
            ([model.property_probe], _PROBE_LEARNING_RATE),
        ]
        return [
            AdamW(
                [p for module in modules if module for p in module.parameters()],
                lr=rate,
                amsgrad=True,
                eps=1e-7,
                weight_decay=1e-4,
                fused=True,
            )
            for modules, rate in groups
            if any(modules)
        ]

    def train_dataloader(self) -> DataLoader[Any]:
        """Batches of the current epoch."""
        order = seeds.generator(self.seed, "infomax", "order", self.current_epoch).permutation(
            len(self.train_part)
        )
        return self._loader(self.train_part, order)

    def val_dataloader(self) -> DataLoader[Any]:
        """Return the validation batches, the same at every epoch."""
        return self._loader(self.validation_part, np.arange(len(self.validation_part)))

    def training_step(self, batch: RaggedBatch, batch_idx: int) -> None:
        """One step of the local stage, then one of the global stage, then of the probes."""
        local_optimiser, global_optimiser, *others = self._optimisers()
        samples = self._samples(batch, "train", self.current_epoch, batch_idx, noise=True)
        local = self._local_stage(batch, samples)
        self._step(local_optimiser, local.dim + self.options.kl_weight * local.kl)

        # Negatives come from the encoder as the step above left it.
        negatives = self.infomax.encode_negatives(batch, samples)
        crystal = self._global_stage(local.representation, negatives, batch, samples)
        loss = crystal.dim + self.options.kl_weight * crystal.kl
        if self.options.composition_weight:
            hidden = self.infomax.composition_loss(crystal.representation, batch)
            loss = loss - self.options.composition_weight * hidden
        self._step(global_optimiser, loss)

        representation = crystal.representation.detach()
        if self.options.composition_weight:
            self._step(others.pop(0), self.infomax.composition_loss(representation, batch))
        if self.options.selection == "property_probe":
            self._step(others.pop(0), self.infomax.probe_loss(representation, batch)[0])
        self._log("train", batch.n_crystals, local=local, crystal=crystal)

    def validation_step(self, batch: RaggedBatch, batch_idx: int) -> None:
        """Losses on crystals that are not trained on."""
        sampled = self.options.validation == "sampled"
        epoch = self.current_epoch if sampled else 0
        samples = self._samples(batch, "validation", epoch, batch_idx, noise=sampled)
        local = self.infomax.local_stage(batch, samples)
        negatives = self.infomax.encode_negatives(batch, samples)
        crystal = self.infomax.global_stage(local.representation, negatives, batch, samples)
        size = 1 if sampled else batch.n_crystals
        self._log("validation", size, local=local, crystal=crystal)
        if self.options.selection == "property_probe":
            _, absolute = self.infomax.probe_loss(crystal.representation, batch)
            if len(absolute):
                self._log_value("validation/probe_mae", absolute.mean(), 1)

    def _optimisers(self) -> list[Any]:
        optimisers = self.optimizers()
        assert isinstance(optimisers, list)
        return optimisers

    def _step(self, optimiser: Any, loss: Tensor) -> None:
        optimiser.zero_grad()
        self.manual_backward(loss)
        optimiser.step()

    def _samples(
        self, batch: RaggedBatch, part: str, epoch: int, index: int, *, noise: bool
    ) -> FalseSamples:
        seed = seeds.integer(self.seed, "infomax", part, epoch, index, self.global_rank)
        generator = torch.Generator().manual_seed(seed)
        return false_samples(batch, self.options, generator, noise=noise)

    def _loader(self, crystals: Crystals, order: np.ndarray) -> DataLoader[Any]:
        batches = Batches(
            crystals.n_sites,
            order,
            self.training_options.sites_per_batch,
            self.trainer.global_rank,
            self.trainer.world_size,
        )
        return DataLoader(crystals, batch_sampler=batches, collate_fn=_collate)  # type: ignore[arg-type]

    def _log(self, part: str, size: int, *, local: Any, crystal: Any) -> None:
        losses = {
            "local_dim": local.dim,
            "local_kl": local.kl,
            "global_dim": crystal.dim,
            "global_kl": crystal.kl,
            "dim": local.dim + crystal.dim,
        }
        for name, value in losses.items():
            self._log_value(f"{part}/{name}", value, size)

    def _log_value(self, name: str, value: Tensor, size: int) -> None:
        self.log(
            name, value.detach(), on_epoch=True, on_step=False, batch_size=size, sync_dist=True
        )


class History(Callback):
    """Rows of the history table, kept in the checkpoint so that a resumed run has all of them."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self._started = 0.0

    def on_train_epoch_start(self, *_: Any) -> None:
        """Note the time."""
        self._started = time.perf_counter()

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Add the losses of the epoch."""
        seconds = time.perf_counter() - self._started
        values = {k: float(v) for k, v in trainer.callback_metrics.items() if "/" in k}
        values["train/crystals_per_second"] = len(pl_module.train_part) / seconds
        for name, value in sorted(values.items()):
            part, quantity = name.split("/")
            self.rows.append(
                {
                    "epoch": trainer.current_epoch,
                    "part": part,
                    "quantity": quantity,
                    "value": value,
                }
            )
        log.info(
            "epoch %d of %d: validation loss %.3f, %.0f crystals/s",
            trainer.current_epoch + 1,
            trainer.max_epochs,
            values["validation/dim"],
            values["train/crystals_per_second"],
        )

    def state_dict(self) -> dict[str, Any]:
        """Rows so far."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the rows of the interrupted run."""
        self.rows = list(state_dict["rows"])


def pretrain(
    crystals: Crystals,
    options: InfoMaxOptions,
    training: TrainingOptions,
    seed: int,
    folder: Path,
) -> tuple[SiteNet, pd.DataFrame]:
    """Pre-train an encoder, or go on where an interrupted run stopped.

    Parameters
    ----------
    crystals
        What to train on. Labels are used only by the variant whose option `selection` asks for a
        property probe, and never by the encoder.
    options, training
        Variant; length, rate, batches.
    seed
        Seed of everything random.
    folder
        For checkpoints and logs. Only a run of the same crystals, options, code and seed may share
        it: a checkpoint found here is resumed.

    Returns
    -------
    encoder : SiteNet
        Weights of the best epoch.
    history : pandas.DataFrame
        Columns epoch, part (train, validation), quantity, value (losses in nats).

    Raises
    ------
    UserError
        If there are too few crystals to keep some for validation and make a batch of two, or if the
        variant needs labels and none are known.
    """
    module = PreTraining(options, training, crystals, seed)
    _check(module)
    quantity = "probe_mae" if options.selection == "property_probe" else "dim"
    monitor = f"validation/{quantity}"
    history = History()
    # The best first: the last then holds the state in which the best was chosen.
    best, last = (
        ModelCheckpoint(
            folder,
            filename=name,
            monitor=chosen_by,
            save_on_train_epoch_end=True,
            enable_version_counter=False,
        )
        for name, chosen_by in (("best", monitor), ("last", None))
    )
    stopping = EarlyStopping(monitor, patience=training.patience, check_on_train_epoch_end=True)
    on_gpu = device(training.accelerator).type == "cuda"
    trainer = lightning.Trainer(
        accelerator="cuda" if on_gpu else "cpu",
        devices=training.devices,
        # Forked: a script that Snakemake runs cannot be started a second time.
        strategy="ddp_fork_find_unused_parameters_true" if training.devices > 1 else "auto",
        precision="bf16-mixed" if on_gpu else "32-true",
        max_epochs=training.max_epochs,
        reload_dataloaders_every_n_epochs=1,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        callbacks=[history, stopping, best, last, *([TQDMProgressBar()] if _at_terminal() else [])],
        enable_progress_bar=_at_terminal(),
        enable_model_summary=False,
        logger=[CSVLogger(folder, name="csv"), TensorBoardLogger(folder, name="tensorboard")],
        log_every_n_steps=1,
        plugins=[SafetensorsCheckpoint()],
    )
    resumed = folder / "last.ckpt"
    read = SafetensorsCheckpoint().load_checkpoint
    if not resumed.exists():
        trainer.fit(module)
    elif read(resumed)["callbacks"][stopping.state_key]["wait_count"] < training.patience:
        log.info("resuming from %s", resumed)
        trainer.fit(module, ckpt_path=resumed)
    # else interrupted after it had stopped early, which Lightning does not remember
    # From the files, not from memory: with several devices the training was in other processes.
    module.load_state_dict(read(folder / "best.ckpt")["state_dict"])
    rows = read(resumed)["callbacks"][history.state_key]["rows"]
    return module.infomax.encoder.cpu(), pd.DataFrame(rows)


def _check(module: PreTraining) -> None:
    n_train, n_validation = len(module.train_part), len(module.validation_part)
    if n_train < 2 or n_validation < 1:
        raise UserError(
            f"{n_train} crystals to train on and {n_validation} for validation: too few; "
            "pre-training needs at least 2 and 1. Look at what was refused, and why."
        )
    if (
        module.options.selection == "property_probe"
        and np.isnan(module.validation_part.labels).all()
    ):
        raise UserError(
            "the option selection: property_probe needs labels and the validation crystals have "
            "none; use selection: dim_loss, which needs none"
        )


def _at_terminal() -> bool:
    return sys.stderr.isatty()
