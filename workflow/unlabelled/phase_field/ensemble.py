"""Ensembles of corrected networks: trained together, each member without a part of the fields.

The fields are divided into inner folds, and every member is trained without one of them. So the
whole ensemble speaks of new fields, and of the fields it was trained on those members speak that
did not see them, which is what probabilities are calibrated and intervals are sized by.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from unlabelled import seeds
from unlabelled.device import Accelerator, device
from unlabelled.errors import UserError
from unlabelled.files import written_whole
from unlabelled.phase_field.element_vectors import Vectors
from unlabelled.phase_field.fields import PADDING, Ids
from unlabelled.phase_field.networks import Corrected, CorrectedOptions
from unlabelled.phase_field.prediction import (
    CrossFitted,
    CrossTrained,
    Fields,
    Floats,
    FoldNumbers,
    Predictions,
    Trained,
    Transform,
    restored,
    transformed,
)
from unlabelled.phase_field.training import Options, corrected_loss, train

ABOUT = "unlabelled"
_ROWS = 200_000  # slots times members that are computed at once


@dataclass(frozen=True, slots=True)
class EnsembleOptions:
    """What an ensemble is, and how it is trained.

    Attributes
    ----------
    members
        Number of members.
    network
        Size of each.
    training
        Passes, batches, rates.
    """

    members: int
    network: CorrectedOptions
    training: Options


class Outputs(NamedTuple):
    """What the members M say of n fields.

    Attributes
    ----------
    probability
        (M, n) float32.
    value
        (M, n) float32, in the space where errors are judged.
    """

    probability: npt.NDArray[np.float32]
    value: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Ensemble:
    """A trained ensemble.

    Attributes
    ----------
    network
        All members as one network.
    left_out
        (M,) inner fold that a member was trained without.
    mean, scale
        Of the transformed values: the network's outputs are standardised.
    transform
        In which space errors are judged.
    losses
        (M, epochs) mean loss of each epoch.
    """

    network: Corrected
    left_out: npt.NDArray[np.int_]
    mean: float
    scale: float
    transform: Transform
    losses: Floats

    def outputs(self, ids: Ids, accelerator: Accelerator = "auto") -> Outputs:
        """Apply all members to fields.

        Parameters
        ----------
        ids
            (n, slots).
        accelerator
            Where to compute.
        """
        where = device(accelerator)
        network = self.network.to(where)
        members, n = network.members, len(ids)
        found = np.empty((members, n, 2), np.float32)
        order = (ids != PADDING).sum(axis=1).argsort(kind="stable")
        size = max(_ROWS // (members * ids.shape[1]), 1)
        with torch.inference_mode():
            for start in range(0, n, size):
                rows = order[start : start + size]
                block = torch.from_numpy(ids[rows].astype(np.int64)).to(where)
                found[:, rows] = network(block.expand(members, -1, -1)).cpu().numpy()
        network.cpu()
        probability = (1 / (1 + np.exp(-found[..., 0]))).astype(np.float32)
        value = (found[..., 1] * self.scale + self.mean).astype(np.float32)
        return Outputs(probability, value)

    def restored(self, values: npt.NDArray[np.float32]) -> Floats:
        """Return values of outputs in units of the property."""
        return restored(values.astype(float), self.transform)

    def predictions(self, outputs: Outputs, members: npt.NDArray[np.bool_]) -> Predictions:
        """Join what members say: means, of values in the space where errors are judged.

        Parameters
        ----------
        outputs
            Of fields, n.
        members
            (M, n) which of them are asked.
        """
        probability, probability_sd = _moments(outputs.probability, members)
        value, _ = _moments(outputs.value, members)
        _, value_sd = _moments(self.restored(outputs.value), members)
        return Predictions(probability, restored(value, self.transform), probability_sd, value_sd)


def _moments(outputs: npt.NDArray[Any], members: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Mean and standard deviation (NaN of one member) of outputs (M, n) of some members, (n,)."""
    number = members.sum(axis=0)
    mean = (members * outputs).sum(axis=0, dtype=float) / number
    squares = (members * (outputs - mean) ** 2).sum(axis=0)
    unknown = np.full(len(mean), np.nan)
    return mean, np.sqrt(np.divide(squares, number - 1, out=unknown, where=number > 1))


def fit(
    fields: Fields,
    inner: FoldNumbers,
    vectors: Vectors,
    options: EnsembleOptions,
    transform: Transform,
    seed: int,
    accelerator: Accelerator = "auto",
) -> Ensemble:
    """Train an ensemble.

    Parameters
    ----------
    fields
        Fields and their property.
    inner
        (n,) inner fold of every field; members take turns in leaving one out.
    vectors
        (87, k) vectors of the elements to start from.
    options
        What it is.
    transform
        In which space errors are judged.
    seed
        Of weights, of the order of fields and of dropout. A member more changes no other.
    accelerator
        Where to compute.

    Raises
    ------
    UserError
        If there are fewer members than inner folds.
    """
    n_inner = int(inner.max()) + 1
    if options.members < n_inner:
        raise UserError(
            f"an ensemble of {options.members} members cannot leave out each of {n_inner} inner "
            "folds; raise the number of members"
        )
    wanted = transformed(fields.value, transform)
    mean, scale = float(wanted.mean()), float(wanted.std()) or 1.0
    targets = np.stack([fields.above, (wanted - mean) / scale], axis=1).astype(np.float32)
    left_out = np.arange(options.members) % n_inner
    of_fold = [np.flatnonzero(inner != fold) for fold in range(n_inner)]
    # folds differ by a field or two: the smaller ones show some twice
    most = max(map(len, of_fold))
    rows = np.stack([np.resize(of_fold[fold], most) for fold in left_out.tolist()])
    of_members = [seeds.integer(seed, "member", m) for m in range(options.members)]
    network = Corrected(vectors, options.network, of_members)
    found = train(
        network,
        fields.ids,
        targets,
        corrected_loss,
        options.training,
        of_members,
        accelerator,
        rows,
    )
    return Ensemble(network, left_out, mean, scale, transform, found.losses)


def corrected(
    vectors: Vectors,
    options: EnsembleOptions,
    transform: Transform,
    threads: int,
    accelerator: Accelerator = "auto",
) -> CrossFitted:
    """Return the corrected network as a model; see :func:`fit`."""
    train_all = cross_trained(vectors, options, transform, threads, accelerator)

    def model(
        fields: Fields, inner: FoldNumbers, others: Ids, seed: int
    ) -> tuple[Predictions, Predictions]:
        known, trained = train_all(fields, inner, seed)
        return known, trained(others)

    return model


def cross_trained(
    vectors: Vectors,
    options: EnsembleOptions,
    transform: Transform,
    threads: int,
    accelerator: Accelerator = "auto",
) -> CrossTrained:
    """Return the corrected network as a model that keeps what it trained; see :func:`fit`."""

    def model(fields: Fields, inner: FoldNumbers, seed: int) -> tuple[Predictions, Trained]:
        torch.set_num_threads(threads)
        found = fit(fields, inner, vectors, options, transform, seed, accelerator)
        known = out_of_fold(found, fields.ids, inner, accelerator)
        return known, partial(of_all, found, accelerator=accelerator)

    return model


def out_of_fold(
    found: Ensemble, ids: Ids, inner: FoldNumbers, accelerator: Accelerator = "auto"
) -> Predictions:
    """Return what those members say of fields, (n,), that were trained without them."""
    return found.predictions(found.outputs(ids, accelerator), found.left_out[:, None] == inner)


def of_all(found: Ensemble, ids: Ids, accelerator: Accelerator = "auto") -> Predictions:
    """Return what all members say of fields (n, slots)."""
    outputs = found.outputs(ids, accelerator)
    return found.predictions(outputs, np.ones(outputs.value.shape, bool))


def save(found: Ensemble, path: str | Path, provenance: Mapping[str, Any]) -> None:
    """Write an ensemble to a safetensors file, whole or not at all."""
    about = {
        "options": asdict(found.network.options),
        "left_out": found.left_out.tolist(),
        "mean": found.mean,
        "scale": found.scale,
        "transform": found.transform,
        "provenance": dict(provenance),
    }
    tensors = {name: tensor.contiguous() for name, tensor in found.network.state_dict().items()}
    tensors["losses"] = torch.from_numpy(found.losses)
    with written_whole(path) as temporary:
        save_file(tensors, temporary, metadata={ABOUT: json.dumps(about, sort_keys=True)})


def load(path: str | Path) -> Ensemble:
    """Read an ensemble.

    Raises
    ------
    UserError
        If the file is not an ensemble of this package.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})[ABOUT])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        losses = tensors.pop("losses").numpy()
        left_out = np.array(about["left_out"])
        vectors = np.zeros(tensors["vectors"].shape[1:], np.float32)
        network = Corrected(
            vectors, CorrectedOptions(**about["options"]), range(len(left_out))
        ).eval()
        network.load_state_dict(tensors)
        return Ensemble(
            network, left_out, about["mean"], about["scale"], about["transform"], losses
        )
    except (SafetensorError, KeyError, TypeError, RuntimeError) as error:
        raise UserError(f"{path} holds no ensemble of this package: {error}") from error
