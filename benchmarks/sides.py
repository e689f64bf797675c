"""The two sides of every comparison: the literal way, and that of the package.

All calls of the package that are measured are in this module.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from pymatgen.core.sites import PeriodicSite
from pymatgen.core.structure import Structure
from torch import Tensor
from torch.nn.functional import l1_loss
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.flop_counter import FlopCounterMode

from unlabelled.infomax import embedding, literal, negatives
from unlabelled.infomax.objective import InfoMax, LocalStage, false_samples
from unlabelled.infomax.options import InfoMaxOptions
from unlabelled.infomax.training import Crystals, PreTraining, TrainingOptions
from unlabelled.label_masking.fine_tuning import (
    FineTuningOptions,
    Job,
    Regressor,
    fine_tune_all,
)
from unlabelled.point_set import batch as dense
from unlabelled.point_set import ragged
from unlabelled.point_set.features import ELEMENTS, SCALERS
from unlabelled.point_set.point_set import PointSet, of_cell
from unlabelled.point_set.primitive import TOLERANCE
from unlabelled.point_set.quotient import SiteClasses, every_site, quotient
from unlabelled.point_set.supercell import supercell_matrix
from unlabelled.site_net import literal as literal_site_net
from unlabelled.site_net.encoder import SiteNet
from unlabelled.structures.crystal import Cell, to_structure

MAX_SITES = MAX_ATOMS = 50
SITES_PER_BATCH = 1200


# --- featurisation ---------------------------------------------------------------------------


def featurise(crystals: Sequence[Cell]) -> list[SiteClasses]:
    """Point sets of the package, and their quotients."""
    return [quotient(of_cell(cell, MAX_SITES, MAX_ATOMS)) for cell in crystals]


def structure_of(cell: Cell) -> Structure:
    """Return the pymatgen structure of a row of the crystal table."""
    return to_structure(cell.lattice, cell.atomic_numbers, cell.frac_coords)


def featurise_literally(crystals: Sequence[Structure]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Features (P, 9) and distances (P, S) from pymatgen, site by site and property by property.

    The properties are looked up as matminer's ``SiteElementalProperty`` does: by symbol in a
    dictionary, and averaged over the species of the site.
    """
    with ELEMENTS.open(newline="") as file:
        elements = list(csv.DictReader(file))
    tables = {
        name: {row["symbol"]: float(row[name] or "nan") for row in elements} for name in SCALERS
    }
    found = []
    for structure in crystals:
        primitive = structure.get_primitive_structure(tolerance=TOLERANCE)
        matrix = supercell_matrix(primitive.lattice.matrix, len(primitive), MAX_ATOMS)
        supercell = primitive.make_supercell(matrix, in_place=False)
        images = len(supercell) // len(primitive)
        features = [
            [
                *(scaler * _of_site(tables[name], site) for name, scaler in SCALERS.items()),
                float(getattr(site.specie, "oxi_state", 0)),
            ]
            for site in primitive
        ]
        found.append((np.array(features), supercell.distance_matrix[::images]))
    return found


def _of_site(values: dict[str, float], site: PeriodicSite) -> float:
    symbols = [element.symbol for element in site.species]
    weights = list(site.species.values())
    return float(np.average([values[symbol] for symbol in symbols], weights=weights))


# --- pre-training ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Form:
    """One way to compute the objective; fields as the functions of :mod:`.infomax.literal`."""

    prepare: Callable[[PointSet], Any]
    collate: Callable[..., Any]
    draw: Callable[..., Any]
    local_stage: Callable[..., LocalStage]
    encode_negatives: Callable[..., Any]
    global_stage: Callable[..., Any]

    def batch(self, prepared: Sequence[Any]) -> Any:
        """Collate prepared crystals, each with a label for the probe."""
        return self.collate(prepared, np.zeros((len(prepared), 1)))


def _draw_literally(batch: dense.Batch, options: InfoMaxOptions, *args: Any, **kw: Any) -> Any:
    first_row = batch.n_sites.cumsum(0) - batch.n_sites
    n_supercell = (~batch.padding[first_row]).sum(dim=1)
    return negatives.draw(batch.n_sites, n_supercell, options, *args, **kw)


LITERAL = Form(
    lambda point_set: point_set,
    dense.collate,
    _draw_literally,
    literal.local_stage,
    literal.encode_negatives,
    literal.global_stage,
)


def fast(options: InfoMaxOptions) -> Form:
    """Return the form in which the package trains a variant."""
    return Form(
        quotient if options.quotient else every_site,
        ragged.collate,
        false_samples,
        InfoMax.local_stage,
        InfoMax.encode_negatives,
        InfoMax.global_stage,
    )


class Trainer:
    """Steps of pre-training of one variant, in one form.

    Parameters
    ----------
    form
        How to compute the objective.
    options
        Variant.
    """

    def __init__(self, form: Form, options: InfoMaxOptions) -> None:
        self.form = form
        self.options = options
        training = TrainingOptions(1e-3, 1, 1, SITES_PER_BATCH, "cpu")
        module = PreTraining(options, training, Crystals([], np.empty((0, 1))), seed=0)
        self.model = module.infomax
        self.optimisers = module.configure_optimizers()

    def step(self, batch: Any) -> None:
        """Draw, and do one step of every optimiser."""
        form, model, kl_weight = self.form, self.model, self.options.kl_weight
        local_optimiser, global_optimiser, *others = self.optimisers
        draws = form.draw(batch, self.options, torch.Generator().manual_seed(0), noise=True)
        local = form.local_stage(model, batch, draws)
        _descend(local_optimiser, local.dim + kl_weight * local.kl)
        false = form.encode_negatives(model, batch, draws)
        crystal = form.global_stage(model, local.representation, false, batch, draws)
        _descend(global_optimiser, crystal.dim + kl_weight * crystal.kl)
        if self.options.selection == "property_probe":
            _descend(others[0], model.probe_loss(crystal.representation.detach(), batch)[0])

    def epoch(self, prepared: Sequence[Any]) -> None:
        """Collate and step through prepared crystals."""
        for indices in batches_of_sites(prepared):
            self.step(self.form.batch([prepared[i] for i in indices]))

    def local_gradients(self, batch: Any) -> None:
        """Forward and backward pass of the local stage."""
        draws = self.form.draw(batch, self.options, torch.Generator().manual_seed(0), noise=True)
        local = self.form.local_stage(self.model, batch, draws)
        torch.autograd.backward(local.dim + self.options.kl_weight * local.kl)
        self.model.zero_grad()


def _descend(optimiser: Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    optimiser.step()


def batches_of_sites(crystals: Sequence[Any]) -> list[list[int]]:
    """Return the indices of the crystals of every batch, in order."""
    return dense.pack([c.n_sites for c in crystals], range(len(crystals)), SITES_PER_BATCH)


# --- the encoder by itself -------------------------------------------------------------------


def encoder_gradients_literally(encoder: SiteNet, batch: dense.Batch) -> None:
    """Forward and backward pass of the literal encoder."""
    torch.autograd.backward(literal_site_net.embed(encoder, batch).sum())


def encoder_gradients(encoder: SiteNet, batch: ragged.RaggedBatch) -> None:
    """Forward and backward pass of the encoder of the package."""
    torch.autograd.backward(encoder(batch).sum())


def embedding_and_gradients(
    encoder: SiteNet, point_sets: Sequence[PointSet], *, literally: bool
) -> dict[str, Tensor]:
    """Embeddings, and the gradient of every parameter for one fixed weight of each number."""
    dtype = next(encoder.parameters()).dtype
    if literally:
        embedded = literal_site_net.embed(encoder, dense.collate(point_sets).double())
    else:
        batch = ragged.collate([quotient(p) for p in point_sets])
        embedded = encoder(batch.double() if dtype == torch.float64 else batch)
    weights = torch.linspace(-1, 1, embedded.numel(), dtype=dtype).view_as(embedded)
    names = {n: p for n, p in encoder.named_parameters() if n not in _WITHOUT_EFFECT}
    gradients = torch.autograd.grad((weights * embedded).sum(), list(names.values()))
    return {"embedding": embedded.detach()} | dict(zip(names, gradients, strict=True))


# what is added to the logits of a softmax alike
_WITHOUT_EFFECT = {"local.attention.0.2.bias", "local.attention.1.bias"}


def operations(run: Callable[[], object]) -> int:
    """Floating-point operations of the matrix products of a run, as far as torch does them."""
    with FlopCounterMode(display=False) as counter:
        run()
    return int(counter.get_total_flops())


def embed(encoder: SiteNet, crystals: Sequence[SiteClasses]) -> None:
    """Embed with the package."""
    embedding.embed(encoder, crystals, "cpu")


def embed_literally(encoder: SiteNet, point_sets: Sequence[PointSet]) -> None:
    """Embed dense batches with the literal encoder."""
    with torch.inference_mode():
        for indices in batches_of_sites(point_sets):
            literal_site_net.embed(encoder, dense.collate([point_sets[i] for i in indices]))


# --- fine-tuning -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Arm:
    """Draws of labelled crystals on which one encoder is fine-tuned: indices (draws, n)."""

    draws: np.ndarray
    labels: np.ndarray
    options: FineTuningOptions


def fine_tune_arm(encoder: SiteNet, crystals: Sequence[SiteClasses], arm: Arm) -> None:
    """Fine-tune on all draws with the package."""
    jobs = [
        Job(encoder, [crystals[i] for i in draw], arm.labels[draw], seed)
        for seed, draw in enumerate(arm.draws)
    ]
    fine_tune_all(jobs, arm.options)


def fine_tune_arm_literally(encoder: SiteNet, point_sets: Sequence[PointSet], arm: Arm) -> None:
    """Fine-tune on one draw after the other: a plain loop around the literal encoder."""
    size, rate = arm.options.crystals_per_batch, arm.options.learning_rate
    for draw in arm.draws:
        model = Regressor(encoder, arm.labels[draw])
        epochs = arm.options.epochs(len(draw))
        optimiser = AdamW(model.parameters(), rate, amsgrad=True, eps=1e-7, weight_decay=1e-4)
        steps = epochs * -(-len(draw) // size)
        schedule = OneCycleLR(optimiser, rate, total_steps=steps, cycle_momentum=False)
        labels = (arm.labels - model.mean) / model.sd
        for _ in range(epochs):
            for part in torch.split(torch.randperm(len(draw)), size):
                shown = draw[part.numpy()]
                crystals = literal_site_net.embed(
                    model.encoder, dense.collate([point_sets[i] for i in shown])
                )
                true = torch.from_numpy(labels[shown].astype(np.float32))
                _descend(optimiser, l1_loss(model.head(crystals).squeeze(-1), true))
                schedule.step()
