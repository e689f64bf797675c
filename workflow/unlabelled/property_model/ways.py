"""Ways to predict a property of crystals, each with and without pre-training."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from unlabelled import default_study, seeds
from unlabelled.infomax.initial import initial_encoder
from unlabelled.infomax.options import variant
from unlabelled.label_masking.fine_tuning import (
    FineTuningOptions,
    Job,
    Regressor,
    fine_tune_all,
    predict,
)
from unlabelled.label_masking.heads import fit_predict
from unlabelled.property_model.described import Described, Floats
from unlabelled.site_net.encoder import SiteNet

_MOST_OF_PROCESS = 3000  # labels; the time of a Gaussian process grows with their third power

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to predict.

    Attributes
    ----------
    says
        What it is, in a line.
    sees
        Nothing, statistics, statistics and an encoder's sites, or the crystal through a network.
    encoder
        Which one.
    without
        The way that differs in the pre-training alone.
    """

    says: str
    sees: Literal["nothing", "statistics", "sites", "crystal"]
    encoder: Literal["none", "untrained", "pretrained"] = "none"
    without: str | None = None


WAYS = {
    "constant": Way("median of the labels", "nothing"),
    "statistics": Way("trees and a Gaussian process on statistics", "statistics"),
    "sites_untrained": Way("the same, and an untrained encoder", "sites", "untrained"),
    "sites": Way(
        "the same, and the pre-trained encoder", "sites", "pretrained", without="sites_untrained"
    ),
    "network_untrained": Way("network trained from scratch", "crystal", "untrained"),
    "network": Way(
        "pre-trained network, fine-tuned", "crystal", "pretrained", without="network_untrained"
    ),
}


def fine_tuning_options() -> FineTuningOptions:
    """Return how the default study fine-tunes."""
    config, _ = default_study.read()
    transfer = config["transfer"]
    return FineTuningOptions(
        learning_rate=transfer["learning_rate"],
        passes=transfer["passes"],
        min_epochs=transfer["min_epochs"],
        max_epochs=transfer["max_epochs"],
        crystals_per_batch=transfer["crystals_per_batch"],
        loss=transfer["loss"],
        frozen=transfer["frozen"],
        accelerator=config["pretraining"]["accelerator"],
    )


def encoders(pretrained: SiteNet, seed: int) -> dict[str, SiteNet]:
    """Return the encoders of ways: the pre-trained one, and one of its kind as initialised."""
    config, _ = default_study.read()
    untrained = initial_encoder(variant(config["pretraining"]["variants"]["untrained"]), seed, 0)
    return {"pretrained": pretrained, "untrained": untrained}


def by_head(X_train: Floats, y_train: Floats, X: Floats, seed: int) -> Floats:
    """Predict (m,) by the regressor on representations; trees alone where labels are many."""
    head = "trees_and_gp" if len(y_train) <= _MOST_OF_PROCESS else "extra_trees"
    state = seeds.integer(seed, "property_model", "head") % 2**32
    return fit_predict(head, X_train, y_train, X, random_state=state)


def networks(
    encoder: SiteNet, crystals: Described, labels: Floats, shown: Sequence[Rows], seed: int
) -> list[Regressor]:
    """Fine-tune a network on each of several sets of crystals, all at once.

    Parameters
    ----------
    encoder
        Start.
    crystals, labels
        All crystals, n, and (n,).
    shown
        Rows to train on; where a set is smaller than the largest, some are shown twice.
    seed
        Of heads and orders.
    """
    most = max(map(len, shown))
    jobs = []
    for number, rows in enumerate(shown):
        filled = np.resize(rows, most)
        of_job = seeds.integer(seed, "property_model", "network", number)
        jobs.append(Job(encoder, crystals.point_sets.part(filled), labels[filled], of_job))
    return fine_tune_all(jobs, fine_tuning_options())


def by_network(model: Regressor, crystals: Described, rows: Rows) -> Floats:
    """Predict (m,) of the crystals at some rows."""
    found: Floats = predict(model, crystals.point_sets.part(rows))
    return found
