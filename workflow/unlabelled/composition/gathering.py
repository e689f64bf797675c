"""The sources of a collection, read into one table."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from unlabelled.composition.collection import Collected, of_formulas
from unlabelled.sources import catalogue, registry
from unlabelled.sources.specification import SourceSpec


def labels(specifications: Mapping[str, SourceSpec]) -> dict[str, str]:
    """Return the unit of every label of sources, by its name."""
    return {
        label: unit
        for specification in specifications.values()
        for label, unit in catalogue.labels(specification).items()
    }


def of_sources(specifications: Mapping[str, SourceSpec], raw: Sequence[str | Path]) -> Collected:
    """Collect the compositions of sources.

    Parameters
    ----------
    specifications
        Sources by name.
    raw
        Their raw files, in the same order.

    Raises
    ------
    SourceError
        If a source cannot be read.
    """
    sources = (
        (name, registry.compositions(name, specification, path))
        for (name, specification), path in zip(specifications.items(), raw, strict=True)
    )
    return of_formulas(sources, labels(specifications))
