"""Checking of configuration and registry files against their schemas."""

import copy
import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from unlabelled.errors import ConfigurationError

try:  # libyaml's is ten times as fast, and every command and run reads 2,000 lines
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]


def read(path: str | Path) -> Any:
    """Read a YAML file.

    Raises
    ------
    ConfigurationError
        If it is not YAML.
    """
    try:
        loader = SafeLoader(Path(path).read_text(encoding="utf-8"))
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is not valid YAML: {error}") from error


def check(document: Any, schema_path: str | Path, name: str) -> None:
    """Check a document against a JSON schema.

    Parameters
    ----------
    document
        What was read from a YAML file.
    schema_path
        JSON schema (2020-12) in YAML.
    name
        Name of the file, for the message.

    Raises
    ------
    ConfigurationError
        One line per fault: where it is, what was found, what is allowed; for an unknown key the
        nearest known one.
    """
    schema = read(schema_path)
    validator = jsonschema.Draft202012Validator(schema)
    faults = sorted(validator.iter_errors(document), key=lambda fault: list(map(str, fault.path)))
    if faults:
        lines = "\n".join(f"  {line}" for fault in faults for line in _describe(fault))
        raise ConfigurationError(f"{name} does not follow {Path(schema_path).name}:\n{lines}")


def fill_defaults(document: Any, schema_path: str | Path) -> None:
    """Add to a checked document the keys that it leaves out and its schema has a default for.

    Parameters
    ----------
    document
        Changed in place.
    schema_path
        JSON schema in YAML; defaults below ``properties`` and ``additionalProperties`` count.
    """
    _fill(document, read(schema_path))


def _fill(value: Any, schema: Mapping[str, Any]) -> None:
    if not isinstance(value, dict):
        return
    properties = schema.get("properties", {})
    for key, inner in properties.items():
        if "default" in inner:
            value.setdefault(key, copy.deepcopy(inner["default"]))
    others = schema.get("additionalProperties") or {}
    for key, inner_value in value.items():
        _fill(inner_value, properties.get(key, others))


def _describe(fault: jsonschema.ValidationError) -> Iterable[str]:
    place = ".".join(map(str, fault.absolute_path)) or "top level"
    if fault.validator == "additionalProperties" and isinstance(fault.instance, dict):
        known = list(fault.schema.get("properties", {}))
        for key in sorted(set(fault.instance) - set(known), key=str):
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known) or 'none'}"
            yield f"{place}: unknown key {key!r}; {hint}"
    elif fault.context:  # oneOf / anyOf: the branch with the fewest faults is the one meant
        branches: dict[Any, list[jsonschema.ValidationError]] = {}
        for inner in fault.context:
            branches.setdefault(inner.schema_path[0], []).append(inner)
        for inner in min(branches.values(), key=len):
            yield from _describe(inner)
    else:
        yield f"{place}: {fault.message}"
