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
from unlabelled.sources.specification import Content, SourceSpec, content

_SELECTION = {"as_published": "property_probe", "corrected": "dim_loss"}  # of the presets

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
        datasets, tasks, variants, representations, starts, comparisons) are taken out, with what
        names them; defaults and the pools of the trained variants are filled in.
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
    removed = _without_nulls(config)
    configuration.check(config, Path(schemas) / "config.schema.yaml", "the configuration")
    configuration.fill_defaults(config, Path(schemas) / "config.schema.yaml")
    _forget(config, removed)
    schema = Path(schemas) / "sources.schema.yaml"
    specs = catalogue.merge(catalogue.load(sources, schema), config["sources"], schema)
    datasets = config["datasets"]
    for name, dataset in datasets.items():
        _holds(f"datasets.{name}.source", dataset["source"], specs, "crystals")
        if dataset["required_label"] is not None:
            labels = catalogue.labels(specs[dataset["source"]])
            _known(f"datasets.{name}.required_label", dataset["required_label"], labels)
    for name, task in config["tasks"].items():
        _known(f"tasks.{name}.dataset", task["dataset"], datasets)
        labels = catalogue.labels(specs[datasets[task["dataset"]]["source"]])
        _known(f"tasks.{name}.label", task["label"], labels)
        if task["supervised_on"] is not None:
            others = set(config["tasks"]) - {name}
            _known(f"tasks.{name}.supervised_on", task["supervised_on"], others)
            if config["tasks"][task["supervised_on"]]["label"] == task["label"]:
                raise ConfigurationError(
                    f"tasks.{name}.supervised_on: {task['supervised_on']!r} has the same label, "
                    f"{task['label']!r}, so a supervised start would see the labels that are "
                    "masked; choose a task with another label, or null"
                )
    if config["digits"] is not None:
        _holds("digits.source", config["digits"]["source"], specs, "digits")
    pretraining, masking = config["pretraining"], config["label_masking"]
    for name, variant in pretraining["variants"].items():
        if variant["trained"]:  # of the others a pool would only change the parameters
            variant["pool"] = {**pretraining["pool"], **variant["pool"]}
        for dataset in variant["pool"].get("datasets", []):
            _known(f"pretraining.variants.{name}.pool.datasets", dataset, datasets)
        selection = variant.get("selection", _SELECTION[variant["preset"]])
        if variant["pool"].get("transductive") and selection == "property_probe":
            raise ConfigurationError(
                f"pretraining.variants.{name}: with a transductive pool the property probe would "
                "see test labels; add selection: dim_loss"
            )
    representations, starts = masking["representations"], config["transfer"]["starts"]
    for section, arms in (("label_masking", representations), ("transfer", starts)):
        for name, arm in arms.items():
            if "encoder" in arm:
                key = f"{section}: {name}.encoder"
                _known(key, arm["encoder"], pretraining["variants"])
        for name, references in config[section]["comparisons"].items():
            for arm in (name, *references):
                _known(f"{section}.comparisons", arm, arms)
    for name, references in masking["comparisons"].items():
        for reference in references:
            heads = [set(representations[arm]["heads"]) for arm in (name, reference)]
            if not set.intersection(*heads):
                raise ConfigurationError(
                    f"label_masking.comparisons.{name}: {name!r} and {reference!r} have no head "
                    "in common"
                )
    for name in set(representations) & set(starts):
        if representations[name].get("encoder") != starts[name]["encoder"]:
            raise ConfigurationError(
                f"transfer.starts.{name}: the representation of this name has another encoder"
            )
    if masking["standing"] is not None:
        _known_method("label_masking.standing", masking["standing"], representations)
    figures, maps = config["figures"], config["embedding_map"]
    for method in figures["methods"]:
        _known_method("figures.methods", method, representations)
    for key, used, known in (
        ("figures.highlight", figures["highlight"], {**representations, **starts}),
        ("figures.pool_curve", figures["pool_curve"], representations),
        ("embedding_map.representations", maps["representations"], representations),
    ):
        for name in used:
            _known(key, name, known)
    for name in maps["representations"]:
        arm = representations[name]
        if "encoder" not in arm or arm["readout"] != ["embedding"] or arm["descriptors"]:
            raise ConfigurationError(
                f"embedding_map.representations: {name!r} is not the embedding of an encoder"
            )
    transfer = config["transfer"]
    absent = set(transfer["seeds"]) - set(pretraining["seeds"])
    if absent and starts:
        raise ConfigurationError(
            f"transfer.seeds: {min(absent)} is not in pretraining.seeds {pretraining['seeds']}"
        )
    if transfer["draws"] > masking["draws"] and starts:
        raise ConfigurationError("transfer.draws: no more than label_masking.draws")
    if transfer["min_epochs"] > transfer["max_epochs"]:
        raise ConfigurationError("transfer.min_epochs: no more than transfer.max_epochs")
    return specs


def _without_nulls(config: Any) -> dict[str, set[str]]:
    """Take out the entries set to null, and return their names by section."""
    removed: dict[str, set[str]] = {}
    for keys in _REMOVABLE:
        section: Any = config
        for key in keys:
            section = section.get(key) if isinstance(section, dict) else None
        if isinstance(section, dict):
            removed[keys[-1]] = {name for name, entry in section.items() if entry is None}
            for name in removed[keys[-1]]:
                del section[name]
    return removed


def _forget(config: Any, removed: dict[str, set[str]]) -> None:
    """Take out what names an entry that was taken out."""
    masking, transfer = config["label_masking"], config["transfer"]
    for section, key, of in (
        ("tasks", "dataset", "datasets"),
        ("representations", "encoder", "variants"),
        ("starts", "encoder", "variants"),
    ):
        entries = {**config, **masking, **transfer}[section]
        for name in [name for name, entry in entries.items() if entry.get(key) in removed[of]]:
            del entries[name]
            removed[section].add(name)
    for task in config["tasks"].values():
        if task["supervised_on"] in removed["tasks"]:
            task["supervised_on"] = None
    for section, arms in ((masking, "representations"), (transfer, "starts")):
        section["comparisons"] = {
            arm: [reference for reference in references if reference not in removed[arms]]
            for arm, references in section["comparisons"].items()
            if arm not in removed[arms]
        }
    gone = removed["representations"]
    if masking["standing"] is not None and masking["standing"][0] in gone:
        masking["standing"] = None
    pool, figures = config["pretraining"]["pool"], config["figures"]
    pool["datasets"] = [name for name in pool["datasets"] if name not in removed["datasets"]]
    figures["methods"] = [method for method in figures["methods"] if method[0] not in gone]
    for section, key, names in (
        (figures, "highlight", gone | removed["starts"]),
        (figures, "pool_curve", gone),
        (config["embedding_map"], "representations", gone),
    ):
        section[key] = [name for name in section[key] if name not in names]


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
    _known(f"{key}: head of {arm!r}", head, representations[arm]["heads"])


def _holds(key: str, source: str, specs: Mapping[str, SourceSpec], wanted: Content) -> None:
    """Check that a source is known and holds what is wanted of it."""
    fit = [name for name, spec in specs.items() if content(spec) == wanted]
    if source in specs and source not in fit:
        found = content(specs[source])
        raise ConfigurationError(
            f"{key}: {source!r} is a table of {found} and has no {wanted}; "
            f"known: {', '.join(sorted(fit))}"
        )
    _known(key, source, fit)


def _known(key: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        near = difflib.get_close_matches(value, list(known), n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigurationError(
            f"{key}: there is no {value!r}; {hint}known: {', '.join(sorted(known)) or 'none'}"
        )
