"""Fine-tuning: the whole encoder and a head trained on labels, driven by Lightning."""

from collections.abc import Sequence
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
from torch.utils.data import DataLoader

from unlabelled import seeds
from unlabelled.errors import UserError
from unlabelled.infomax.device import Accelerator, device
from unlabelled.point_set.batch import pack
from unlabelled.point_set.quotient import SiteClasses
from unlabelled.point_set.ragged import RaggedBatch, collate
from unlabelled.site_net.encoder import GLOBAL_WIDTH, Activated, SiteNet

_HIDDEN = 64
_LOSSES = {"mae": l1_loss, "mse": mse_loss}
_PAIRS_PER_BATCH = 20_000  # of predictions


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
            nn.Linear(GLOBAL_WIDTH, _HIDDEN), Activated("mish"), nn.Linear(_HIDDEN, 1)
        )
        self.mean = float(labels.mean())
        self.sd = float(labels.std()) or 1.0  # equal labels have no scale

    def forward(self, batch: RaggedBatch) -> Tensor:
        """Standardised prediction for every crystal, (C,)."""
        prediction: Tensor = self.head(self.encoder(batch)).squeeze(-1)
        return prediction


class _Training(lightning.LightningModule):
    def __init__(self, model: Regressor, options: FineTuningOptions) -> None:
        super().__init__()
        self.model = model
        self.options = options
        self._predict: Any = model

    def on_fit_start(self) -> None:
        """Compile where that pays: on a GPU, where the model is by now."""
        if self.device.type == "cuda":
            self._predict = torch.compile(self.model, dynamic=True)

    def configure_optimizers(self) -> Any:
        """AdamW under the one-cycle schedule."""
        rate = self.options.learning_rate
        optimiser = AdamW(
            [p for p in self.model.parameters() if p.requires_grad],
            lr=rate,
            amsgrad=True,
            eps=1e-7,
            weight_decay=1e-4,
            fused=True,
        )
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = OneCycleLR(optimiser, rate, total_steps=steps, cycle_momentum=False)
        return [optimiser], [{"scheduler": schedule, "interval": "step"}]

    def training_step(self, batch: tuple[RaggedBatch, Tensor], batch_idx: int) -> Tensor:
        """Loss of a batch."""
        crystals, labels = batch
        return _LOSSES[self.options.loss](self._predict(crystals), labels)


def fine_tune(
    encoder: SiteNet,
    crystals: Sequence[SiteClasses],
    labels: NDArray[np.float64],
    options: FineTuningOptions,
    *,
    seed: int,
) -> Regressor:
    """Train a copy of an encoder, and a new head, on labels.

    Parameters
    ----------
    encoder
        Start; left as it is.
    crystals
        Crystals, n.
    labels
        (n,), in any unit.
    options
        How to train.
    seed
        Of the head's initialisation and of the order of the crystals. With the same seed all starts
        have the same head and order.

    Returns
    -------
    Regressor
        State after the last epoch, on the CPU.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seeds.integer(seed, "fine_tuning", "head"))
        model = Regressor(encoder, labels)
    stages = {"local": model.encoder.local, "pooled": model.encoder.pooled}
    for name, stage in stages.items():
        stage.requires_grad_(options.frozen not in (name, "both"))
    on_gpu = device(options.accelerator).type == "cuda"
    trainer = lightning.Trainer(
        accelerator="cuda" if on_gpu else "cpu",
        devices=1,
        precision="bf16-mixed" if on_gpu else "32-true",
        max_epochs=options.epochs(len(crystals)),
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    standardised = ((labels - model.mean) / model.sd).astype(np.float32)
    order = torch.Generator().manual_seed(seeds.integer(seed, "fine_tuning", "order"))
    batches: DataLoader[Any] = DataLoader(
        list(zip(crystals, standardised, strict=True)),  # type: ignore[arg-type]
        batch_size=options.crystals_per_batch,
        shuffle=True,
        generator=order,
        collate_fn=_collate,
    )
    trainer.fit(_Training(model, options), batches)
    return model.cpu()


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


def _collate(items: list[tuple[SiteClasses, np.float32]]) -> tuple[RaggedBatch, Tensor]:
    crystals, labels = zip(*items, strict=True)
    return collate(crystals), torch.from_numpy(np.array(labels))
