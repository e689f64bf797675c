"""The configuration of a study as a whole: what its parts must agree on.

Imported by every parse of the workflow, so it needs nothing but a YAML and a JSON schema reader.
"""

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from unlabelled import configuration
from unlabelled.errors import ConfigurationError
from unlabelled.phase_field.kinds import CALIBRATED
from unlabelled.sources import catalogue
from unlabelled.sources.specification import Content, SourceSpec, content, file_name

_SELECTION = {"as_published": "property_probe", "corrected": "dim_loss"}  # of the presets

# Sections in which an overlay can take out an entry by setting it to null.
_REMOVABLE = [
    ("sources",),
    ("datasets",),
    ("tasks",),
    ("collections",),
    ("composition_representations",),
    ("pretraining", "variants"),
    ("label_masking", "representations"),
    ("label_masking", "comparisons"),
    ("transfer", "starts"),
    ("transfer", "comparisons"),
    ("clustering", "kernels"),
    ("isotropy", "grids"),
    ("loco", "properties"),
    ("loco", "projections"),
    ("phase_fields", "element_vectors"),
    ("phase_fields", "properties"),
    ("phase_fields", "splits"),
    ("phase_fields", "models"),
    ("phase_fields", "comparisons"),
]


def check(
    config: Mapping[str, Any],
    sources: str | Path,
    config_schema: str | Path,
    sources_schema: str | Path,
) -> dict[str, SourceSpec]:
    """Check a configuration against its schema, the sources and itself.

    Parameters
    ----------
    config
        Configuration with all overlays merged. Entries that an overlay sets to null (sources,
        datasets, tasks, collections, variants, representations, starts, comparisons) are taken out,
        with what names them; defaults and the pools of the trained variants are filled in.
    sources
        ``resources/sources.yaml``.
    config_schema, sources_schema
        Schemas of both.

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
    configuration.check(config, config_schema, "the configuration")
    configuration.fill_defaults(config, config_schema)
    _forget(config, removed)
    specs = catalogue.load(sources, sources_schema)
    specs = catalogue.merge(specs, config["sources"], sources_schema)
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
    for name, collection in config["collections"].items():
        if bool(collection["sources"]) == (collection["dataset"] is not None):
            raise ConfigurationError(
                f"collections.{name}: give either `sources` of compositions or a `dataset` of "
                "crystals, not both; an overlay clears the other with [] or null"
            )
        for source in collection["sources"]:
            _holds(f"collections.{name}.sources", source, specs, "compositions")
        if collection["dataset"] is not None:
            _known(f"collections.{name}.dataset", collection["dataset"], datasets)
    for name, style in config["composition_representations"].items():
        if style["table"] != "compVec":
            key = f"composition_representations.{name}.table"
            _holds(key, style["table"], specs, "elements", "compVec")
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
    _check_clusters(config, specs)
    _check_fields(config, specs)
    return specs


def _check_clusters(config: Mapping[str, Any], specs: Mapping[str, SourceSpec]) -> None:
    """Check what is clustered, under which kernels, and what is drawn of it."""
    collections, styles = config["collections"], config["composition_representations"]
    clustering, loco, figures = config["clustering"], config["loco"], config["figures"]
    kernels, variants = clustering["kernels"], config["pretraining"]["variants"]
    for name in set(styles) & set(variants):
        raise ConfigurationError(
            f"composition_representations.{name}: a variant of pre-training has this name too; "
            "rename one of them"
        )
    for name, representations in config["isotropy"]["grids"].items():
        _known(f"isotropy.grids.{name}", name, collections)
        of_crystals = variants if collections[name]["dataset"] is not None else ()
        for representation in representations:
            _known(f"isotropy.grids.{name}", representation, [*styles, *of_crystals])
    plain = {kernel["scaling"] for kernel in kernels.values() if kernel["map"] == "none"}
    for name, kernel in kernels.items():
        if kernel["scaling"] not in plain:
            raise ConfigurationError(
                f"clustering.kernels.{name}: add a kernel with `map: none` and `scaling: "
                f"{kernel['scaling']}`, whose clusters its own are compared with"
            )
    for name, predicted in loco["properties"].items():
        _known(f"loco.properties.{name}.collection", predicted["collection"], collections)
        labels = labels_of_collection(config, specs, predicted["collection"])
        _known(f"loco.properties.{name}.label", predicted["label"], labels)
    for name, projection in loco["projections"].items():
        for key in ("of", "like"):
            _known(f"loco.projections.{name}.{key}", projection[key], styles)
    drawn = [figures["encoder_isotropy"]["kernel"]] if config["isotropy"]["grids"] else []
    for key, names, known in (
        ("loco.representations", loco["representations"], styles),
        ("loco.kernels", loco["kernels"], kernels),
        ("figures.encoder_isotropy.kernel", drawn, kernels),
    ):
        for name in names:
            _known(key, name, known)
    if figures["isotropy_grid"]["n_clusters"] not in clustering["n_clusters"]:
        raise ConfigurationError(
            f"figures.isotropy_grid.n_clusters: not one of {clustering['n_clusters']}, the numbers "
            "under clustering.n_clusters"
        )
    measured = config["isotropy"]["measures"]["corrected"]
    for key, shown in (
        ("isotropy_grid.measure", [figures["isotropy_grid"]["measure"]]),
        ("encoder_isotropy.measures", figures["encoder_isotropy"]["measures"]),
    ):
        for measure in shown:
            _known(f"figures.{key}", measure, measured)
    for measure, _ in figures["clouds"]:
        _known("figures.clouds", measure, config["isotropy"]["clouds"]["measures"])


def _check_fields(config: Mapping[str, Any], specs: Mapping[str, SourceSpec]) -> None:
    """Check what is predicted of phase fields, and by which models."""
    section, collections = config["phase_fields"], config["collections"]
    models, vectors = section["models"], section["element_vectors"]
    for key, names in (
        ("environments.collections", section["environments"]["collections"]),
        ("reported", section["reported"]),
    ):
        for name in names:
            _known(f"phase_fields.{key}", name, collections)
    for name, settings in vectors.items():
        if "table" in settings:
            key = f"phase_fields.element_vectors.{name}.table"
            _holds(key, settings["table"], specs, "elements")
        for part in settings.get("of", []):
            made = [other for other, of_other in vectors.items() if "of" not in of_other]
            _known(f"phase_fields.element_vectors.{name}.of", part, made)
    for name, predicted in section["properties"].items():
        key = f"phase_fields.properties.{name}"
        _known(f"{key}.collection", predicted["collection"], collections)
        labels = labels_of_collection(config, specs, predicted["collection"])
        _known(f"{key}.label", predicted["label"], labels)
    stackable = [name for name, model in models.items() if model["kind"] in CALIBRATED]
    for name, model in models.items():
        key = f"phase_fields.models.{name}"
        if "vectors" in model:
            _known(f"{key}.vectors", model["vectors"], vectors)
        for part in model.get("of", []):
            _known(f"{key}.of", part, stackable)
    for name, split in section["splits"].items():
        key = f"phase_fields.splits.{name}.models"
        for model in split["models"] or []:
            _known(key, model, models)
            for part in models[model].get("of", []):
                _known(f"{key}: {model!r} needs", part, split["models"])
    for name, references in section["comparisons"].items():
        for model in (name, *references):
            _known("phase_fields.comparisons", model, models)
    if not section["properties"]:
        return
    _known("phase_fields.accessibility.vectors", section["accessibility"]["vectors"], vectors)
    stacks = [name for name, model in models.items() if model["kind"] == "stack"]
    _known("phase_fields.candidates.model", section["candidates"]["model"], stackable + stacks)
    for key, members in (
        ("network.members", section["network"]["members"]),
        ("ensemble_members", section["ensemble_members"]),
    ):
        if members < section["inner_folds"]:
            raise ConfigurationError(
                f"phase_fields.{key}: {members} members cannot leave out each of the "
                f"{section['inner_folds']} inner folds; no fewer than phase_fields.inner_folds"
            )
    if section["network"]["width"] % section["network"]["heads"]:
        raise ConfigurationError("phase_fields.network.width: a multiple of heads")


def labels_of_collection(
    config: Mapping[str, Any], specs: Mapping[str, SourceSpec], name: str
) -> dict[str, str]:
    """Return the unit of every label of a collection, by label name."""
    collection = config["collections"][name]
    sources = collection["sources"]
    if collection["dataset"] is not None:
        sources = [config["datasets"][collection["dataset"]]["source"]]
    return {
        label: unit for source in sources for label, unit in catalogue.labels(specs[source]).items()
    }


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
        ("collections", "dataset", "datasets"),
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
        (config["loco"], "representations", removed["composition_representations"]),
        (config["loco"], "kernels", removed["kernels"]),
    ):
        section[key] = [name for name in section[key] if name not in names]
    _forget_clusters(config, removed)
    _forget_fields(config, removed)


def _forget_clusters(config: Any, removed: dict[str, set[str]]) -> None:
    """Take out what is clustered and was taken out elsewhere."""
    styles, loco, isotropy = (
        removed["composition_representations"],
        config["loco"],
        config["isotropy"],
    )
    kept = {
        name: [style for style in grid if style not in styles | removed["variants"]]
        for name, grid in isotropy["grids"].items()
        if name not in removed["collections"]
    }
    isotropy["grids"] = {name: grid for name, grid in kept.items() if grid}
    loco["properties"] = {
        name: predicted
        for name, predicted in loco["properties"].items()
        if predicted["collection"] not in removed["collections"]
    }
    loco["projections"] = {
        name: projection
        for name, projection in loco["projections"].items()
        if not styles & {projection["of"], projection["like"]}
    }


def _forget_fields(config: Any, removed: dict[str, set[str]]) -> None:
    """Take out what concerns phase fields and was taken out elsewhere."""
    section = config["phase_fields"]
    for holder, key in ((section["environments"], "collections"), (section, "reported")):
        holder[key] = [name for name in holder[key] if name not in removed["collections"]]
    section["properties"] = {
        name: predicted
        for name, predicted in section["properties"].items()
        if predicted["collection"] not in removed["collections"]
    }
    without = removed["element_vectors"]
    for name, vectors in list(section["element_vectors"].items()):
        if set(vectors.get("of", [])) & without:
            del section["element_vectors"][name]
            without.add(name)
    gone = removed["models"]
    for name, model in list(section["models"].items()):
        if "of" in model:
            model["of"] = [part for part in model["of"] if part not in gone]
        if model.get("vectors") in without or len(model.get("of", "ok")) < 2:
            del section["models"][name]
            gone.add(name)
    for split in section["splits"].values():
        if split["models"] is not None:
            split["models"] = [name for name in split["models"] if name not in gone]
    section["comparisons"] = {
        model: [reference for reference in references if reference not in gone]
        for model, references in section["comparisons"].items()
        if model not in gone
    }


def datasets_used(config: Mapping[str, Any]) -> list[str]:
    """Datasets of a task, a collection or the pre-training, in the order of the configuration."""
    used = {task["dataset"] for task in config["tasks"].values()}
    used.update(collection["dataset"] for collection in config["collections"].values())
    for variant in config["pretraining"]["variants"].values():
        if variant["trained"]:
            used.update(variant["pool"]["datasets"])
    return [name for name in config["datasets"] if name in used]


def raw_data(source: str, spec: SourceSpec, folder: str) -> str:
    """Path of a source's raw data: fetched into `folder`, or one's own where it is."""
    if spec["kind"] == "package":
        return f"{folder}/{source}/{Path(spec['member']).name}"
    if spec["kind"] == "url":
        return f"{folder}/{source}/{file_name(spec)}"
    if spec["kind"] == "materials_project":
        return f"{folder}/{source}/materials.jsonl"
    return spec["path"]


def _known_method(key: str, method: list[str], representations: Mapping[str, Any]) -> None:
    arm, head = method
    _known(key, arm, representations)
    _known(f"{key}: head of {arm!r}", head, representations[arm]["heads"])


def _holds(
    key: str, source: str, specs: Mapping[str, SourceSpec], wanted: Content, *others: str
) -> None:
    """Check that a source is known and holds what is wanted of it; `others` would do as well."""
    fit = [*others, *(name for name, spec in specs.items() if content(spec) == wanted)]
    if source in specs and source not in fit:
        found = content(specs[source])
        raise ConfigurationError(
            f"{key}: {source!r} is a table of {found} and has no {wanted}; {_meant(source, fit)}"
        )
    _known(key, source, fit)


def _known(key: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        raise ConfigurationError(f"{key}: there is no {value!r}; {_meant(value, known)}")


def _meant(value: str, known: Collection[str]) -> str:
    """Say which of the known names may be meant."""
    near = difflib.get_close_matches(value, list(known), n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}known: {', '.join(sorted(known)) or 'none'}"
