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

# Sections in which an overlay can take out an entry by setting it to null.
_REMOVABLE = [
    ("sources",),
    ("datasets",),
    ("tasks",),
    ("pretraining", "variants"),
    ("label_masking", "representations"),
    ("label_masking", "comparisons"),
    ("transfer", "starts"),
    ("transfer", "comparisons"),
]


def check(
    config: Mapping[str, Any], sources: str | Path, schemas: str | Path
) -> dict[str, SourceSpec]:
    """Check a configuration against its schema, the sources and itself.

    Parameters
    ----------
    config
        Configuration with all overlays merged. Entries that an overlay sets to null (sources,
        datasets, tasks, variants, representations, starts, comparisons) are taken out, defaults and
        the pools of the variants are filled in.
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
    for keys in _REMOVABLE:
        section: Any = config
        for key in keys:
            section = section.get(key) if isinstance(section, dict) else None
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
        if not catalogue.has_crystals(specs[dataset["source"]]):
            raise ConfigurationError(
                f"datasets.{name}.source: {dataset['source']!r} is a table of elements and has no "
                "crystals; choose another source"
            )
        if dataset["required_label"] is not None:
            labels = catalogue.labels(specs[dataset["source"]])
            _known(f"datasets.{name}.required_label", dataset["required_label"], labels)
    for name, task in config["tasks"].items():
        _known(f"tasks.{name}.dataset", task["dataset"], datasets)
        labels = catalogue.labels(specs[datasets[task["dataset"]]["source"]])
        _known(f"tasks.{name}.label", task["label"], labels)
        if task["supervised_on"] is not None:
            _known(f"tasks.{name}.supervised_on", task["supervised_on"], config["tasks"])
    pretraining, masking = config["pretraining"], config["label_masking"]
    for name, variant in pretraining["variants"].items():
        variant["pool"] = {**pretraining["pool"], **variant["pool"]}
        for dataset in variant["pool"]["datasets"]:
            _known(f"pretraining.variants.{name}.pool.datasets", dataset, datasets)
    representations, starts = masking["representations"], config["transfer"]["starts"]
    for section, arms in (("label_masking", representations), ("transfer", starts)):
        for name, arm in arms.items():
            if "encoder" in arm:
                key = f"{section}: {name}.encoder"
                _known(key, arm["encoder"], pretraining["variants"])
        for name, references in config[section]["comparisons"].items():
            for arm in (name, *references):
                _known(f"{section}.comparisons", arm, arms)
    _known_method("label_masking.method", masking["method"], representations)
    for method in config["figures"]["methods"]:
        _known_method("figures.methods", method, representations)
    for key, used in (
        ("embedding_map.representations", config["embedding_map"]["representations"]),
        ("figures.highlight", config["figures"]["highlight"]),
        ("figures.pool", config["figures"]["pool"]),
    ):
        for name in used:
            _known(key, name, representations)
    for name in config["embedding_map"]["representations"]:
        if "encoder" not in representations[name]:
            raise ConfigurationError(f"embedding_map.representations: {name!r} has no encoder")
    return specs


def datasets_used(config: Mapping[str, Any]) -> list[str]:
    """Datasets that a task or the pre-training uses, in the order of the configuration."""
    used = {task["dataset"] for task in config["tasks"].values()}
    for variant in config["pretraining"]["variants"].values():
        if variant["trained"]:
            used.update(variant["pool"]["datasets"])
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


def _known_method(key: str, method: list[str], representations: Mapping[str, Any]) -> None:
    arm, head = method
    _known(key, arm, representations)
    _known(key, head, representations[arm]["heads"])


def _known(key: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        near = difflib.get_close_matches(value, list(known), n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigurationError(
            f"{key}: there is no {value!r}; {hint}known: {', '.join(sorted(known)) or 'none'}"
        )
