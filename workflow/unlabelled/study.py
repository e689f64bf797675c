"""The configuration of a study as a whole: what its parts must agree on.

Imported by every parse of the workflow, so it needs nothing but a YAML and a JSON schema reader.
"""

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from unlabelled import configuration
from unlabelled.errors import ConfigurationError
from unlabelled.sources import catalogue
from unlabelled.sources.specification import SourceSpec


def check(
    config: Mapping[str, Any], sources: str | Path, schemas: str | Path
) -> dict[str, SourceSpec]:
    """Check a configuration against its schema, the sources and itself.

    Parameters
    ----------
    config
        Configuration with all overlays merged. Sources, datasets and tasks that an overlay sets to
        null are taken out, and defaults are filled in.
    sources
        ``resources/sources.yaml``.
    schemas
        Folder of the schemas.

    Returns
    -------
    dict
        The sources by name, the study's own among them.

    Raises
    ------
    ConfigurationError
        Saying which key is wrong, what was found, and what is allowed.
    """
    for section in map(config.get, ("sources", "datasets", "tasks")):
        if isinstance(section, dict):
            for name in [name for name, entry in section.items() if entry is None]:
                del section[name]
    configuration.check(config, Path(schemas) / "config.schema.yaml", "the configuration")
    configuration.fill_defaults(config, Path(schemas) / "config.schema.yaml")
    schema = Path(schemas) / "sources.schema.yaml"
    specs = catalogue.merge(catalogue.load(sources, schema), config["sources"], schema)
    datasets = config["datasets"]
    for name, dataset in datasets.items():
        _known(f"datasets.{name}.source", dataset["source"], specs)
        if dataset["required_label"] is not None:
            labels = catalogue.labels(specs[dataset["source"]])
            _known(f"datasets.{name}.required_label", dataset["required_label"], labels)
    for name, task in config["tasks"].items():
        _known(f"tasks.{name}.dataset", task["dataset"], datasets)
        labels = catalogue.labels(specs[datasets[task["dataset"]]["source"]])
        _known(f"tasks.{name}.label", task["label"], labels)
    for dataset in config["pretraining"]["datasets"]:
        _known("pretraining.datasets", dataset, datasets)
    return specs


def datasets_used(config: Mapping[str, Any]) -> list[str]:
    """Datasets that a task or the pre-training uses, in the order of the configuration."""
    used = {task["dataset"] for task in config["tasks"].values()}
    used.update(config["pretraining"]["datasets"])
    return [name for name in config["datasets"] if name in used]


def raw_data(source: str, spec: SourceSpec, folder: str) -> str:
    """Path of a source's raw data: fetched into `folder`, or one's own where it is."""
    if spec["kind"] == "package":
        return f"{folder}/{source}/{Path(spec['member']).name}"
    if spec["kind"] == "url":
        return f"{folder}/{source}/{spec.get('file') or spec['url'].rsplit('/', 1)[-1]}"
    if spec["kind"] == "materials_project":
        return f"{folder}/{source}/materials.jsonl"
    return spec["path"]


def comparisons(arms: list[str]) -> list[tuple[str, str]]:
    """Pairs (arm, reference) to compare: every arm with every one before it."""
    return [(arm, reference) for i, arm in enumerate(arms) for reference in arms[:i]]


def _known(key: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        near = difflib.get_close_matches(value, list(known), n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigurationError(
            f"{key}: there is no {value!r}; {hint}known: {', '.join(sorted(known)) or 'none'}"
        )
