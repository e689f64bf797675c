"""The study's network as a model: a classifier and a regressor, trained as the released code does.

Faults that can be taken away one by one: the order in which elements stand (F4) and the rows of
elements that are read (F3).
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch

from unlabelled import seeds
from unlabelled.device import Accelerator, device
from unlabelled.phase_field import element_vectors
from unlabelled.phase_field.environments import Environments
from unlabelled.phase_field.fields import Ids, misaligned, padded
from unlabelled.phase_field.networks import Head, Published
from unlabelled.phase_field.prediction import Fields, Floats, Model, Predictions, Trained
from unlabelled.phase_field.training import (
    PUBLISHED,
    class_weights,
    published_classifier_loss,
    published_regressor_loss,
    train,
)

HEADS: tuple[Head, Head] = ("classifier", "regressor")
_FIELDS = 4096  # that are computed at once


@dataclass(frozen=True, slots=True)
class PublishedOptions:
    """What differs between runs of the released code.

    Attributes
    ----------
    size
        Length of the vectors of elements.
    max_epochs
        Most epochs of the classifier and of the regressor; 400 and 1000 in the released scripts.
    rows
        ``aligned``, or ``shifted``: elements from Na on read the row of another, and those beyond
        Rn have none (F3).
    schedule
        Of the regressor's learning rate: ``inverse_time`` as released, or ``constant``.
    """

    size: int
    max_epochs: tuple[int, int]
    rows: Literal["aligned", "shifted"] = "aligned"
    schedule: str = "inverse_time"


def published(
    found: Environments,
    options: PublishedOptions,
    threads: int,
    accelerator: Accelerator = "auto",
) -> Model:
    """Return the study's network as a model.

    Parameters
    ----------
    found
        Environments of the elements, projected at random for every training.
    options
        What runs differ in.
    threads
        Of the computation.
    accelerator
        Where to compute.

    Returns
    -------
    Model
        Fields are taken in the order in which their elements stand, and with as many slots as those
        that are trained on. Of fields with an element that has no row nothing is said: NaN; nor are
        they trained on.
    """

    def model(fields: Fields, seed: int) -> Trained:
        torch.set_num_threads(threads)
        random = seeds.generator(seed, "projection")
        vectors = element_vectors.published(found, options.size, random)
        if options.rows == "shifted":
            vectors = misaligned(vectors)
        has_row = np.append(np.isfinite(vectors[:, 0]), True)  # an empty slot has one
        fields = fields.take(np.flatnonzero(has_row[fields.ids].all(axis=1)))
        slots = fields.ids.shape[1]
        classifier, regressor = (
            _trained(head, vectors, fields, options, seed, accelerator) for head in HEADS
        )

        def predict(ids: Ids) -> Predictions:
            logits, values = (
                _applied(network, padded(ids, slots), accelerator)
                for network in (classifier, regressor)
            )
            known = np.where(has_row[ids].all(axis=1), 1, np.nan)
            probability = known / (1 + np.exp(logits[:, 0] - logits[:, 1]))
            none = np.full(len(ids), np.nan)
            return Predictions(probability, known * values[:, 0], none, none)

        return predict

    return model


def _trained(
    head: Head,
    vectors: element_vectors.Vectors,
    fields: Fields,
    options: PublishedOptions,
    seed: int,
    accelerator: Accelerator,
) -> Published:
    number = seeds.integer(seed, head)
    network = Published(np.nan_to_num(vectors)[None], fields.ids.shape[1], head, [number])
    how = replace(PUBLISHED[head], epochs=options.max_epochs[HEADS.index(head)])
    if head == "classifier":
        loss = published_classifier_loss(class_weights(fields.above))
        targets = fields.above.astype(np.float32)
    else:
        loss, targets = published_regressor_loss, fields.value.astype(np.float32)
        how = replace(how, schedule=options.schedule)
    train(network, fields.ids, targets, loss, how, [number], accelerator)
    return network


def _applied(network: Published, ids: Ids, accelerator: Accelerator) -> Floats:
    """Apply a network of one member: (n, 2 or 1)."""
    where = device(accelerator)
    network = network.to(where)
    found = []
    with torch.inference_mode():
        for start in range(0, len(ids), _FIELDS):
            block = torch.from_numpy(ids[start : start + _FIELDS].astype(np.int64)).to(where)
            found.append(network(block[None])[0].cpu().numpy())
    return np.concatenate(found).astype(float)
