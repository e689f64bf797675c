"""Fine-tuning: whole encoders and heads trained on labels, as stacks, driven by Lightning."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

import lightning
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import l1_loss, mse_loss
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from unlabelled import seeds
from unlabelled.device import Accelerator, device
from unlabelled.errors import UserError
from unlabelled.point_set.batch import pack
from unlabelled.point_set.quotient import SiteClasses
from unlabelled.point_set.ragged import RaggedBatch, collate, stack
from unlabelled.site_net.encoder import GLOBAL_WIDTH, Activated, SiteNet
from unlabelled.site_net.stack import Linear, stacked

_HIDDEN = 64
_LOSSES = {"mae": l1_loss, "mse": mse_loss}
_PAIRS_PER_BATCH = 20_000  # of predictions
# More share the overhead of a step among more, but need more memory and leave the cache.
_MODELS_PER_STACK = 12


@dataclass(frozen=True, slots=True)
class FineTuningOptions:
    """How to fine-tune; the same for all starts.

    Rule of stopping: the number of epochs is fixed beforehand, the last epoch's weights are kept,
    and there are no validation labels. So all N labels are trained on (D8), every start has the
    identical budget, and nothing is left to judgement (D25): with the two validation crystals that
    5 % of N = 50 are, the "best" epoch is noise (D9).

    Attributes
    ----------
    learning_rate
        Peak of the one-cycle schedule of AdamW (amsgrad, eps 1e-7, weight decay 1e-4, as in the
        study, which has no schedule).
    passes
        Crystals shown in all, each as often as it is shown: epochs = passes / N...
    min_epochs, max_epochs
        ... within these bounds.
    crystals_per_batch
        Crystals of a batch; the last one of an epoch may have fewer.
    loss
        Mean absolute or squared error of the standardised labels; the study's is ``mse``.
    frozen
        Stages of the encoder whose parameters stay as they are. The study tried all and found no
        help.
    accelerator
        Where to train; ``auto`` takes a GPU if there is one.
    """

    learning_rate: float
    passes: int
    min_epochs: int
    max_epochs: int
    crystals_per_batch: int
    loss: Literal["mae", "mse"]
    frozen: Literal["none", "local", "pooled", "both"] = "none"
    accelerator: Accelerator = "auto"

    def epochs(self, n_labels: int) -> int:
        """Epochs for a number of labels."""
        return min(max(self.passes // n_labels, self.min_epochs), self.max_epochs)


class Regressor(nn.Module):
    """Encoder (means, no noise) and head: crystals -> one label each, without any clamp (D15).

    Parameters
    ----------
    encoder
        Start; copied.
    labels
        Labels of the training crystals, (n,). Their mean and standard deviation are the scale in
        which the head predicts.
    """

    def __init__(self, encoder: SiteNet, labels: NDArray[np.float64]) -> None:
        super().__init__()
        self.encoder = deepcopy(encoder)
        self.head = nn.Sequential(
            Linear(GLOBAL_WIDTH, _HIDDEN), Activated("mish"), Linear(_HIDDEN, 1)
        )
        self.mean = float(labels.mean())
        self.sd = float(labels.std()) or 1.0  # equal labels have no scale

    def forward(self, batch: RaggedBatch) -> Tensor:
        """Standardised prediction for every crystal, (C,), or (B · C,) of a stack."""
        prediction: Tensor = self.head(self.encoder(batch)).squeeze(-1)
        return prediction


@dataclass(frozen=True, slots=True)
class Job:
    """What one model is trained on.

    Attributes
    ----------
    encoder
        Start; left as it is.
    crystals
        Crystals, n.
    labels
        (n,), in any unit.
    seed
        Of the head's initialisation and of the order of the crystals. With the same seed all starts
        have the same head and order.
    """

    encoder: SiteNet
    crystals: Sequence[SiteClasses]
    labels: NDArray[np.float64]
    seed: int

    def regressor(self) -> Regressor:
        """Return the encoder with a new head."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seeds.integer(self.seed, "fine_tuning", "head"))
            return Regressor(self.encoder, self.labels)

    def order(self) -> torch.Generator:
        """Return the random numbers of the order of the crystals."""
        return torch.Generator().manual_seed(seeds.integer(self.seed, "fine_tuning", "order"))


class _Batches:
    """Batches of a stack: every model sees its own crystals in an order of its own."""

    def __init__(self, jobs: Sequence[Job], models: Sequence[Regressor], size: int) -> None:
        self.crystals = [job.crystals for job in jobs]
        self.labels = [
            ((job.labels - model.mean) / model.sd)[:, np.newaxis]
            for job, model in zip(jobs, models, strict=True)
        ]
        self.orders = [job.order() for job in jobs]
        self.size = size

    def __len__(self) -> int:
        return -(-len(self.crystals[0]) // self.size)

    def __iter__(self) -> Iterator[RaggedBatch]:
        n = len(self.crystals[0])
        orders = [
            torch.split(torch.randperm(n, generator=order), self.size) for order in self.orders
        ]
        for shown in zip(*orders, strict=True):
            yield stack(
                [
                    collate([crystals[i] for i in indices], labels[indices])
                    for crystals, labels, indices in zip(
                        self.crystals, self.labels, shown, strict=True
                    )
                ]
            )


class _Training(lightning.LightningModule):
    def __init__(self, stack: Regressor, n_models: int, options: FineTuningOptions) -> None:
        super().__init__()
        self.stack = stack
        self.n_models = n_models
        self.options = options
        self._predict: Any = stack

    def on_fit_start(self) -> None:
        """Compile where that pays: on a GPU, where the model is by now."""
        if self.device.type == "cuda":
            self._predict = torch.compile(self.stack, dynamic=True)

    def configure_optimizers(self) -> Any:
        """AdamW under the one-cycle schedule."""
        rate = self.options.learning_rate
        optimiser = AdamW(
            [p for p in self.stack.parameters() if p.requires_grad],
            lr=rate,
            amsgrad=True,
            eps=1e-7,
            weight_decay=1e-4,
            fused=True,
        )
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = OneCycleLR(optimiser, rate, total_steps=steps, cycle_momentum=False)
        return [optimiser], [{"scheduler": schedule, "interval": "step"}]

    def training_step(self, batch: RaggedBatch, batch_idx: int) -> Tensor:
        """Sum of the models' losses, so that every model has the gradients of its own."""
        mean = _LOSSES[self.options.loss](self._predict(batch), batch.labels.squeeze(-1))
        return self.n_models * mean


def fine_tune_all(jobs: Sequence[Job], options: FineTuningOptions) -> list[Regressor]:
    """Train copies of encoders, each with a new head, on labels of their own.

    Parameters
    ----------
    jobs
        One per model, with equally many crystals and encoders of one variant.
    options
        How to train.

    Returns
    -------
    list of Regressor
        States after the last epoch, on the CPU: up to rounding those that every model would reach
        alone.
    """
    models: list[Regressor] = []
    for first in range(0, len(jobs), _MODELS_PER_STACK):
        models += _fine_tune_stack(jobs[first : first + _MODELS_PER_STACK], options)
    return models


def fine_tune(
    encoder: SiteNet,
    crystals: Sequence[SiteClasses],
    labels: NDArray[np.float64],
    options: FineTuningOptions,
    *,
    seed: int,
) -> Regressor:
    """Train one model; see :class:`Job` and :func:`fine_tune_all`."""
    (model,) = fine_tune_all([Job(encoder, crystals, labels, seed)], options)
    return model


def _fine_tune_stack(jobs: Sequence[Job], options: FineTuningOptions) -> list[Regressor]:
    models = [job.regressor() for job in jobs]
    stack = stacked(models)
    stages = {"local": stack.encoder.local, "pooled": stack.encoder.pooled}
    for name, stage in stages.items():
        stage.requires_grad_(options.frozen not in (name, "both"))
    on_gpu = device(options.accelerator).type == "cuda"
    trainer = lightning.Trainer(
        accelerator="cuda" if on_gpu else "cpu",
        devices=1,
        precision="bf16-mixed" if on_gpu else "32-true",
        max_epochs=options.epochs(len(jobs[0].crystals)),
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    batches = _Batches(jobs, models, options.crystals_per_batch)
    trainer.fit(_Training(stack, len(models), options), batches)
    for i, model in enumerate(models):
        model.load_state_dict({name: state[i] for name, state in stack.state_dict().items()})
    return models


def predict(
    model: Regressor, crystals: Sequence[SiteClasses], accelerator: Accelerator = "auto"
) -> NDArray[np.float64]:
    """Predict labels.

    Parameters
    ----------
    model
        Fine-tuned.
    crystals
        Crystals, n.
    accelerator
        Where to compute.

    Returns
    -------
    numpy.ndarray
        (n,), in the unit of the labels trained on.
    """
    where = device(accelerator)
    model = model.to(where)
    sizes = [c.n_pairs for c in crystals]
    predictions = np.empty(len(crystals))
    with torch.inference_mode():
        for indices in pack(sizes, range(len(crystals)), _PAIRS_PER_BATCH):
            batch = collate([crystals[i] for i in indices]).to(where)
            predictions[indices] = model(batch).cpu().numpy()
    return model.mean + model.sd * predictions


def supervise(
    encoder: SiteNet,
    crystals: Sequence[SiteClasses],
    labels: NDArray[np.float64],
    options: FineTuningOptions,
    *,
    seed: int,
) -> SiteNet:
    """Pre-train a copy of an encoder on all labels of another task, by the same loop.

    Parameters
    ----------
    encoder, options, seed
        See :func:`fine_tune`.
    crystals
        Crystals of :func:`unlabelled.label_masking.transfer.supervised_crystals`, n.
    labels
        (n,), labels of the other task.

    Returns
    -------
    SiteNet
        The encoder without the head.

    Raises
    ------
    UserError
        If there are fewer than two labels.
    """
    if len(crystals) < 2:
        raise UserError(
            f"{len(crystals)} labels for supervised pre-training, at least 2 are needed: name "
            "another task under supervised_on, or null"
        )
    return fine_tune(encoder, crystals, labels, options, seed=seed).encoder
