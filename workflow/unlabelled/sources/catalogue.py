"""The catalogue of sources: reading, checking and merging their specifications.

Imported by every parse of the workflow, so it needs nothing but a YAML and a JSON schema reader.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from unlabelled.configuration import check, read
from unlabelled.errors import ConfigurationError
from unlabelled.sources.folders import files_within
from unlabelled.sources.specification import LabelSpec, SourceSpec


def load(path: str | Path, schema: str | Path) -> dict[str, SourceSpec]:
    """Read and validate a registry of sources.

    Parameters
    ----------
    path
        ``resources/sources.yaml``.
    schema
        ``workflow/schemas/sources.schema.yaml``.

    Returns
    -------
    dict
        Specification by source name.

    Raises
    ------
    ConfigurationError
        If the file is not YAML, does not follow the schema, or gives one label two units.
    """
    return _validated(read(path), schema, str(path))


def merge(
    specs: Mapping[str, SourceSpec], own: Mapping[str, Any], schema: str | Path
) -> dict[str, SourceSpec]:
    """Add the user's sources; one with the name of a known source replaces it altogether.

    Parameters
    ----------
    specs
        What :func:`load` returned.
    own
        The block ``sources`` of the study's configuration.
    schema
        ``workflow/schemas/sources.schema.yaml``.

    Raises
    ------
    ConfigurationError
        If the block does not follow the schema, or gives a label another unit than it has
        elsewhere.
    """
    name = "the block `sources` of the configuration"
    merged = {**specs, **_validated(own, schema, name)}
    _check_units(merged, name)
    return merged


def labels(spec: SourceSpec) -> dict[str, str]:
    """Return the unit of every label of a source, by label name."""
    return {label: details["unit"] for label, details in _label_specs(spec).items()}


def fingerprint(spec: SourceSpec) -> str:
    """Digest of the names, sizes and times of one's own files; empty for sources that are fetched.

    A folder's own time does not change with the content of its files, so they are all looked at.
    """
    if spec["kind"] not in ("folder", "zip", "icsd", "compositions"):
        return ""
    paths = [Path(spec["path"])]
    if spec["kind"] != "compositions" and "label_table" in spec:
        paths.append(Path(spec["label_table"]["path"]))
    total = hashlib.sha256()
    for path in paths:
        files = files_within(path) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                state = file.stat()
                total.update(f"{file}\0{state.st_size}\0{state.st_mtime_ns}\0".encode())
    return total.hexdigest()[:16]


def _label_specs(spec: SourceSpec) -> Mapping[str, LabelSpec]:
    if spec["kind"] == "package" or spec["kind"] == "url":
        read = spec["read"]
        if read["format"] == "csv" or read["format"] == "matbench":
            return read["labels"]
        return read.get("labels", {}) if read["format"] == "compositions" else {}
    if spec["kind"] == "materials_project":
        return spec["labels"]
    if spec["kind"] == "compositions":
        return spec.get("labels", {})
    return spec["label_table"]["labels"] if "label_table" in spec else {}


def _validated(document: Any, schema: str | Path, name: str) -> dict[str, SourceSpec]:
    check(document, schema, name)
    specs = cast("dict[str, SourceSpec]", document)
    _check_units(specs, name)
    return specs


def _check_units(specs: Mapping[str, SourceSpec], name: str) -> None:
    # Values of one label from several sources end up in one column.
    seen: dict[str, tuple[str, str]] = {}
    for source, spec in specs.items():
        for label, unit in labels(spec).items():
            first_source, first_unit = seen.setdefault(label, (source, unit))
            if unit != first_unit:
                raise ConfigurationError(
                    f"{name}: the label {label!r} is in {first_unit!r} in the source "
                    f"{first_source!r} but in {unit!r} in {source!r}; convert one of them or give "
                    "it another name"
                )
