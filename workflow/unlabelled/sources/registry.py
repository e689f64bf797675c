"""Reading a source through one interface, whatever its kind."""

from collections.abc import Iterator
from pathlib import Path

from unlabelled.errors import SourceError
from unlabelled.sources import amcsd, atom2vec, local, tables
from unlabelled.sources.entry import Entry, FormulaEntry
from unlabelled.sources.specification import SourceSpec, content


def entries(name: str, spec: SourceSpec, path: str | Path) -> Iterator[Entry]:
    """Yield the crystals of a source one by one.

    Parameters
    ----------
    name
        Name of the source, for messages.
    spec
        Its specification.
    path
        The raw file of :mod:`~unlabelled.sources.fetch`; not used for data that are read in place.

    Raises
    ------
    SourceError
        If the source as a whole cannot be read, or has no crystals. A fault of one crystal is
        stated in its entry.
    """
    if spec["kind"] == "package" or spec["kind"] == "url":
        read = spec["read"]
        if read["format"] == "csv":
            return tables.csv_entries(name, read, path)
        if read["format"] == "amcsd":
            return amcsd.entries(name, path)
        if read["format"] == "matbench":
            return tables.matbench_entries(name, read, path)
    elif spec["kind"] == "materials_project":
        return tables.json_lines_entries(name, spec["labels"], path)
    elif spec["kind"] != "compositions":
        return local.entries(name, spec)
    raise SourceError(f"source {name!r}: a table of {content(spec)} has no crystals")


def compositions(name: str, spec: SourceSpec, path: str | Path) -> Iterator[FormulaEntry]:
    """Yield the compositions of a source one by one; parameters and errors as :func:`entries`.

    One's own table is read in place too: `path` is where it is.
    """
    if spec["kind"] == "compositions":
        return tables.composition_entries(name, spec["formula"], spec.get("labels", {}), path)
    if spec["kind"] == "package" or spec["kind"] == "url":
        read = spec["read"]
        if read["format"] == "compositions":
            return tables.composition_entries(name, read["formula"], read.get("labels", {}), path)
        if read["format"] == "atom2vec":
            return atom2vec.entries(name, path)
    raise SourceError(f"source {name!r}: a table of {content(spec)} has no compositions")
