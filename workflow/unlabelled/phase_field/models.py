"""Models of fields by their settings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unlabelled.phase_field import baselines, element_vectors, environments
from unlabelled.phase_field.cross_validation import cross_fit
from unlabelled.phase_field.ensemble import EnsembleOptions, corrected
from unlabelled.phase_field.networks import CorrectedOptions
from unlabelled.phase_field.prediction import CrossFitted, Model, Transform
from unlabelled.phase_field.published_network import PublishedOptions, published
from unlabelled.phase_field.training import Options


def calibrated(
    settings: Mapping[str, Any],
    vectors: str | Path | None,
    network: Mapping[str, Any],
    transform: Transform,
    threads: int,
) -> CrossFitted:
    """Return a model that is trained without each inner fold, so that it can be calibrated.

    Parameters
    ----------
    settings
        ``kind``: one of :data:`unlabelled.phase_field.kinds.CALIBRATED`.
    vectors
        Table of vectors of the elements, if the kind has any.
    network
        Settings of networks.
    transform
        In which space errors are judged.
    threads
        Of the computation.
    """
    kind = settings["kind"]
    found = None if vectors is None else element_vectors.read(vectors)
    if kind != "network":
        return cross_fit(baselines.calibrated(kind, found, transform, threads))
    if found is None:
        raise ValueError(f"{kind} needs vectors of the elements")
    options = ensemble_options(network, network["members"])
    return corrected(found, options, transform, threads, network["accelerator"])


def published_model(
    settings: Mapping[str, Any], source: str | Path | None, accelerator: Any, threads: int
) -> Model:
    """Return a model that is trained once, as the study does.

    Parameters
    ----------
    settings
        ``kind``: dummy, forest_published or network_published, and its options.
    source
        Of the forest the table of vectors of the elements, of the network that of environments.
    accelerator
        Of the network.
    threads
        Of the computation.
    """
    if settings["kind"] == "dummy":
        return baselines.dummy()
    if source is None:
        raise ValueError(f"{settings['kind']} needs a table of the elements")
    if settings["kind"] == "forest_published":
        return baselines.published_forest(element_vectors.read(source), threads)
    options = {name: value for name, value in settings.items() if name != "kind"}
    options["max_epochs"] = tuple(options["max_epochs"])
    found = environments.read(source)
    return published(found, PublishedOptions(**options), threads, accelerator)


def ensemble_options(network: Mapping[str, Any], members: int) -> EnsembleOptions:
    """Return the options of an ensemble from the settings of networks."""
    return EnsembleOptions(
        members=members,
        network=CorrectedOptions(network["width"], network["heads"], network["dropout"]),
        training=Options(
            epochs=network["epochs"],
            batch=network["fields_per_batch"],
            learning_rate=network["learning_rate"],
            schedule="one_cycle",
            weight_decay=network["weight_decay"],
        ),
    )
