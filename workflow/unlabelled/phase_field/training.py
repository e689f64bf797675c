"""Training an ensemble as one network, every member as if it were alone.

Each member has its own initial weights, its own order of the fields and its own dropout, drawn by
its seed, so adding one changes no other. The sum of the members' losses has the gradient of each in
its own parameters, and Adam works number by number. A plain loop, since members stop one by one,
which no library of training loops knows: one that has stopped leaves the stack.
"""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from unlabelled import seeds as streams
from unlabelled.device import Accelerator, device
from unlabelled.errors import UserError
from unlabelled.phase_field.fields import PADDING, Ids
from unlabelled.phase_field.networks import Corrected, Head, Published

Network = Published | Corrected
Floats = npt.NDArray[np.float64]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """How to train.

    Attributes
    ----------
    epochs
        Most passes over the fields.
    batch
        Fields per step and member.
    learning_rate
        Of Adam, its highest.
    schedule
        ``constant``; ``inverse_time``: divided by 1 + step/100, as the released regressor; or
        ``one_cycle``.
    weight_decay
        Of AdamW.
    patience
        Stop a member after so many epochs without an improvement, and take back its best state;
        None: never.
    validation
        Share of the fields, the last ones, by whose loss an improvement is judged; 0: by the
        accuracy on the fields trained on, as the released classifier.
    """

    epochs: int
    batch: int
    learning_rate: float = 1e-3
    schedule: str = "constant"
    weight_decay: float = 0.0
    patience: int | None = None
    validation: float = 0.0

    def rate(self, step: int, n_steps: int) -> float:
        """Return the learning rate of a step, from 0, of so many."""
        if self.schedule == "inverse_time":
            return self.learning_rate / (1 + step / 100)
        if self.schedule == "one_cycle":
            warm = 0.1 * n_steps
            if step < warm:
                return self.learning_rate * (step + 1) / (warm + 1)
            return (
                self.learning_rate
                * 0.5
                * (1 + math.cos(math.pi * (step - warm) / (n_steps - warm)))
            )
        return self.learning_rate


#: How the released code trains.
PUBLISHED: dict[Head, Options] = {
    "classifier": Options(epochs=400, batch=256, patience=17),
    "regressor": Options(
        epochs=1000, batch=40, schedule="inverse_time", patience=40, validation=0.2
    ),
}

Loss = Callable[[Tensor, Tensor], Tensor]
"""Outputs (M, n, ...) and targets (M, n, ...) to losses (M, n)."""


def class_weights(above: npt.NDArray[np.bool_]) -> Floats:
    """Return the weights of fields below and above, n/(2 n_class), (2,).

    Raises
    ------
    UserError
        If a class is empty.
    """
    counts = np.bincount(above.astype(int), minlength=2)
    if 0 in counts:
        raise UserError(
            f"{counts[1]} of {len(above)} fields are above the threshold; a classifier needs "
            "fields on both sides"
        )
    return len(above) / (2 * counts)


def published_classifier_loss(weights: Floats) -> Loss:
    """Cross-entropy weighted by class; targets 0 or 1."""
    of_class = torch.from_numpy(weights).float()

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        chosen = targets.long()
        losses = functional.cross_entropy(
            outputs.flatten(0, 1), chosen.flatten(), reduction="none"
        ).view_as(targets)
        return losses * of_class.to(outputs.device)[chosen]

    return loss


def published_regressor_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    """Absolute error."""
    return (outputs.squeeze(-1) - targets).abs()


def corrected_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of the logit, and absolute error of the value; targets (M, n, 2)."""
    logit, value = outputs.unbind(-1)
    above, wanted = targets.unbind(-1)
    crossed = functional.binary_cross_entropy_with_logits(logit, above, reduction="none")
    return crossed + (value - wanted).abs()


@dataclass(frozen=True, slots=True)
class Trained:
    """An ensemble after training.

    Attributes
    ----------
    network
        In evaluation mode, members in the order of their seeds.
    losses
        (M, epochs) mean loss of each epoch; NaN after a member has stopped.
    """

    network: Network
    losses: Floats


def train(
    network: Network,
    ids: Ids,
    targets: npt.NDArray[np.float32],
    loss: Loss,
    options: Options,
    seeds: Sequence[int],
    accelerator: Accelerator = "auto",
    rows: npt.NDArray[np.int_] | None = None,
) -> Trained:
    """Train the members of an ensemble.

    Parameters
    ----------
    network
        Newly made, one member per seed; changed in place.
    ids
        (n, slots) fields.
    targets
        (n,) or (n, 2), as the loss needs them.
    loss
        Of outputs and targets.
    options
        How to train.
    seeds
        One per member, of the order of the fields.
    accelerator
        Where to compute.
    rows
        (M, n_rows) fields that each member sees, the last ones for validation; by default all.

    Returns
    -------
    Trained
        On the CPU.

    Raises
    ------
    UserError
        If there are no fields, one is empty, or a target is not a number.
    """
    _check(ids, targets)
    where = device(accelerator)
    network = network.to(where)
    fields = torch.from_numpy(ids.astype(np.int64)).to(where)
    wanted = torch.from_numpy(targets).to(where)
    if rows is None:
        rows = np.tile(np.arange(len(ids)), (len(seeds), 1))
    n = rows.shape[1] - round(options.validation * rows.shape[1])
    # no outcome depends on the order within a batch
    sizes = (ids != PADDING).sum(1)
    n_steps = -(-n // options.batch)
    optimiser = torch.optim.AdamW(
        network.parameters(), eps=1e-7, weight_decay=options.weight_decay, fused=True
    )
    losses = np.full((len(seeds), options.epochs), np.nan)
    alive = np.arange(len(seeds))
    best = np.full(len(seeds), -np.inf)
    reached = np.zeros(len(seeds), int)
    kept: dict[str, Tensor] = {}  # best states, if they are taken back
    if options.patience is not None:
        kept = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    for epoch in range(options.epochs):
        orders = [
            rows[m, streams.generator(seeds[m], "order", epoch).permutation(n)]
            for m in alive.tolist()
        ]
        order = np.stack(orders)
        total, right = torch.zeros(2, len(alive), device=where)
        network.train()
        for step in range(n_steps):
            batch = order[:, step * options.batch : (step + 1) * options.batch]
            by_size = sizes[batch].argsort(axis=1, kind="stable")
            chosen = torch.from_numpy(np.take_along_axis(batch, by_size, axis=1)).to(where)
            rate = options.rate(epoch * n_steps + step, options.epochs * n_steps)
            optimiser.param_groups[0]["lr"] = rate
            optimiser.zero_grad()
            outputs = network(fields[chosen])
            of_fields = loss(outputs, wanted[chosen])
            total_loss = (of_fields.mean(1) + network.penalty()).sum()
            total_loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total += of_fields.detach().sum(1)
            if options.patience is not None and not options.validation:
                right += (outputs.argmax(2) == wanted[chosen]).sum(1)
        losses[alive, epoch] = (total / n).cpu().numpy()
        if options.patience is None:
            continue
        score = right / n
        if options.validation:
            held_out = torch.from_numpy(rows[alive, n:]).to(where)
            score = -_validation_loss(network, fields[held_out], wanted[held_out], loss)
        reached_now = score.cpu().numpy()
        better = reached_now > best[alive]
        best[alive[better]], reached[alive[better]] = reached_now[better], epoch
        for name, tensor in network.state_dict().items():
            kept[name][alive[better]] = tensor[better]
        going = epoch - reached[alive] < options.patience
        if not going.all():
            alive = alive[going]
            _narrow(network, optimiser, torch.from_numpy(np.flatnonzero(going)).to(where))
        if not len(alive):
            break
    if options.patience is not None:
        for name, tensor in [*network.named_parameters(), *network.named_buffers()]:
            tensor.data = kept[name]
    epochs = np.isfinite(losses).sum(1)
    log.info(
        "%d members, %d fields: loss %.4f in the last of %.0f epochs on average",
        *(len(seeds), n, losses[np.arange(len(seeds)), epochs - 1].mean(), epochs.mean()),
    )
    return Trained(network.cpu().eval(), losses)


def _validation_loss(network: Network, fields: Tensor, wanted: Tensor, loss: Loss) -> Tensor:
    """Mean loss of the members on fields (M, n, slots) that are not trained on, (M,)."""
    network.eval()
    with torch.inference_mode():
        return loss(network(fields), wanted).mean(1) + network.penalty()


def _narrow(network: Network, optimiser: torch.optim.Optimizer, rows: Tensor) -> None:
    """Leave only some members, given by their rows, in a network and in its optimiser."""
    (group,) = optimiser.param_groups
    group["params"] = []
    for module in network.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            # a new one: the shape of a parameter that has had gradients is fixed
            narrow = nn.Parameter(parameter.detach()[rows])
            state = optimiser.state.pop(parameter)
            moments = {moment: state[moment][rows] for moment in ("exp_avg", "exp_avg_sq")}
            optimiser.state[narrow] = {**state, **moments}
            group["params"].append(narrow)
            setattr(module, name, narrow)
    for buffer in network.buffers():
        buffer.data = buffer.data[rows]
    network.dropout.random = [network.dropout.random[row] for row in rows.tolist()]


def _check(ids: Ids, targets: npt.NDArray[np.float32]) -> None:
    if not len(ids):
        raise UserError("there are no fields to train on")
    empty = np.flatnonzero((ids == PADDING).all(axis=1))
    if len(empty):
        raise UserError(f"field {empty[0]} has no elements; take it out of the table")
    strange = np.flatnonzero(~np.isfinite(targets).reshape(len(ids), -1).all(axis=1))
    if len(strange):
        raise UserError(f"the target of field {strange[0]} is not a number; take it out")
