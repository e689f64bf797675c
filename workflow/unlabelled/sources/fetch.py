"""Fetching a source, whatever its kind. An edit of a reader reaches no part of it."""

from collections.abc import Sequence
from pathlib import Path

from unlabelled.sources import materials_project, package, url
from unlabelled.sources.specification import SourceSpec


def fetch(name: str, spec: SourceSpec, destination: str | Path, mirrors: Sequence[str]) -> None:
    """Write the verified raw file of a source, whole or not at all.

    Parameters
    ----------
    name
        Name of the source, for messages.
    spec
        Its specification. Kinds ``folder``, ``zip``, ``icsd`` and ``compositions`` are read in
        place: for them nothing is written.
    destination
        File to write.
    mirrors
        Directories that may hold the files of kind ``url``.

    Raises
    ------
    SourceError
        If the file cannot be had, or is not the pinned one.
    """
    destination = Path(destination)
    if spec["kind"] == "package":
        package.fetch(name, spec, destination)
    elif spec["kind"] == "url":
        url.fetch(name, spec, destination, mirrors)
    elif spec["kind"] == "materials_project":
        materials_project.fetch(name, spec, destination)
