"""The fields that nobody reported: which there are, and how much they resemble reported ones."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import torch

from unlabelled import seeds, tables
from unlabelled.phase_field import accessibility, element_vectors, environments, novelty, retrieval
from unlabelled.phase_field.accessibility import Fit, Score
from unlabelled.phase_field.candidates import combinations, unreported
from unlabelled.phase_field.element_vectors import Vectors
from unlabelled.phase_field.fields import Ids, ids, names
from unlabelled.phase_field.masked import Masked, MaskedOptions, masked
from unlabelled.tables import field

_PROJECTION = 20  # numbers per element, as in the preprint

SCHEMA = pa.schema(
    [
        field("field", pa.string(), "symbols of the elements in alphabetical order"),
        field("score", pa.float64(), "mean log probability of an element among the others"),
        field("accessibility", pa.float64(), "share of reported fields of its size below it"),
    ]
)

log = logging.getLogger(__name__)


def validate(
    reported: str | Path,
    vectors: str | Path,
    environment: str | Path,
    destination: str | Path,
    settings: Mapping[str, Any],
    *,
    seed: int,
    threads: int,
    provenance: Mapping[str, Any],
) -> None:
    """Test all scores of accessibility by retrieval, and write how well they do.

    Parameters
    ----------
    reported
        Table of reported fields.
    vectors
        Table of vectors of the elements, for the network that guesses elements.
    environment
        Table of environments, projected at random for the published score.
    destination
        Table to write, see :data:`unlabelled.phase_field.retrieval.SCHEMA`.
    settings
        ``members`` and ``epochs`` of networks.
    seed
        The seed of the configuration.
    threads
        Of the computation.
    provenance
        Stored in the metadata.
    """
    torch.set_num_threads(threads)
    known = tables.read(reported, ["field"])["field"].tolist()
    slots = 1 + max(name.count(" ") for name in known)
    random = seeds.generator(seed, "novelty", "projection")
    projected = element_vectors.published(environments.read(environment), _PROJECTION, random)
    of_members = [seeds.integer(seed, "novelty", m) for m in range(settings["members"])]
    trained: list[novelty.Autoencoder] = []

    def published(fitted: Ids, space: novelty.Space = "published") -> Score:
        if not trained:  # both spaces share the networks
            rows = novelty.concatenated(fitted, projected, slots)
            trained.extend(novelty.train(rows, of_members))
        return novelty.familiarity(trained, projected, slots, space)

    scorers: dict[str, Fit] = {
        "frequency": accessibility.frequency,
        "pairs": accessibility.pairs,
        "masked": lambda fitted: _masked(fitted, element_vectors.read(vectors), settings, seed),
        "published": published,
        "published_in_one_space": lambda fitted: published(fitted, "standardised"),
    }
    retrieval.write(known, known, scorers, destination, seed=seed, provenance=provenance)


def write_candidates(
    reported: str | Path,
    vectors: str | Path,
    destination: str | Path,
    settings: Mapping[str, Any],
    *,
    size: int,
    exclude: Sequence[str],
    seed: int,
    threads: int,
    provenance: Mapping[str, Any],
) -> None:
    """Write the unreported fields of a size, with their accessibility.

    Parameters
    ----------
    reported, vectors
        Tables, as of :func:`validate`.
    destination
        Table to write, columns of :data:`SCHEMA`, fields in alphabetical order.
    settings
        ``members`` and ``epochs`` of the networks that guess elements.
    size
        Number of elements.
    exclude
        Symbols of elements that candidates do not have.
    seed, threads, provenance
        As of :func:`validate`.
    """
    torch.set_num_threads(threads)
    known = tables.read(reported, ["field"])["field"].tolist()
    candidates = combinations(size, exclude)
    candidates = candidates[unreported(candidates, known)]
    score, accessible = accessibility.accessibilities(
        lambda fitted: _masked(fitted, element_vectors.read(vectors), settings, seed),
        ids(known),
        candidates,
        seed,
    )
    log.info("%d fields of %d elements are not reported", len(candidates), size)
    rows = {"field": names(candidates), "score": score, "accessibility": accessible}
    tables.write(pd.DataFrame(rows), destination, SCHEMA, provenance)


def _masked(reported: Ids, vectors: Vectors, settings: Mapping[str, Any], seed: int) -> Masked:
    of_members = [seeds.integer(seed, "accessibility", m) for m in range(settings["members"])]
    return masked(reported, vectors, MaskedOptions(epochs=settings["epochs"]), of_members)
