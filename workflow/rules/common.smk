"""Checks of the configuration, and the functions that name a rule's inputs.

Parsed again by every cluster job: imports nothing heavy and reads no large file.
"""

import itertools
import sys
from pathlib import Path
from types import SimpleNamespace

# beside the rules; what is installed if they are read from elsewhere as a module
sys.path.insert(0, str(Path(str(workflow.current_basedir)).parent))

from unlabelled import study
from unlabelled import code
from unlabelled.phase_field.kinds import CALIBRATED
from unlabelled.sources import catalogue

SOURCES = study.check(
    config,
    workflow.source_path("../../resources/sources.yaml"),
    workflow.source_path("../schemas/config.schema.yaml"),
    workflow.source_path("../schemas/sources.schema.yaml"),
)
TASKS = config["tasks"]
DATASETS = study.datasets_used(config)
COLLECTIONS = config["collections"]
SOURCES_USED = sorted(  # of raw data
    {config["datasets"][dataset]["source"] for dataset in DATASETS}
    | {source for of in COLLECTIONS.values() for source in of["sources"]}
)
STYLES = config["composition_representations"]
KERNELS = config["clustering"]["kernels"]
GRIDS = config["isotropy"]["grids"]
LOCO = config["loco"]
VARIANTS = config["pretraining"]["variants"]
TRAINED = [name for name, variant in VARIANTS.items() if variant["trained"]]
UNTRAINED = [name for name in VARIANTS if name not in TRAINED]
SEEDS = {  # of the encoders of every variant
    **dict.fromkeys(TRAINED, config["pretraining"]["seeds"]),
    **dict.fromkeys(UNTRAINED, config["pretraining"]["untrained_seeds"]),
}
REPRESENTATIONS = config["label_masking"]["representations"]
TRANSFER = config["transfer"]
DIGITS = config["digits"] or {}
FIELDS = config["phase_fields"]
MODELS = FIELDS["models"]
STACKS = [name for name, model in MODELS.items() if model["kind"] == "stack"]
SINGLE = [name for name in MODELS if name not in STACKS]
# collections that report fields: those named, and those of the properties themselves
REPORTED = list(
    dict.fromkeys(
        [
            *FIELDS["reported"],
            *(of["collection"] for of in FIELDS["properties"].values()),
        ]
    )
)
FIELD_NETWORKS = {  # of fields
    name: model
    for name, model in MODELS.items()
    if model["kind"] in ("network", "network_published")
}
KINDS = {  # how figures tell models apart
    **dict.fromkeys(CALIBRATED, "baseline"),
    "dummy": "baseline",
    "forest_published": "published",
    "network_published": "published",
    "network": "corrected",
    "stack": "stack",
}
HELD_OUT = {
    "field": "random folds",
    "order": "unshuffled folds",
    "element": "elements held out",
    "pair": "pairs held out",
}
PREDICTED = [  # property, split and model of all tables of predictions
    (of, split, model)
    for of in FIELDS["properties"]
    for split, settings in FIELDS["splits"].items()
    for model in settings["models"] or MODELS
]
ENCODER = (
    "<results>/infomax/{variant}/seed={seed}/encoder.safetensors"  # trained or not
)


def digest(script):
    """Digest of the modules that a script reaches."""
    return code.digest(workflow.source_path(f"../scripts/{script}"))


def any_of(names):
    """Regular expression of a wildcard that takes one of these names."""
    return "|".join(names) or "none"


pathvars:
    results=f"results/{config['scale']}",
    logs=f"results/{config['scale']}/logs",
    benchmarks=f"results/{config['scale']}/benchmarks",


wildcard_constraints:
    dataset=any_of(config["datasets"]),
    task=any_of(TASKS),
    collection=any_of(COLLECTIONS),
    style=any_of(STYLES),
    variant=any_of(VARIANTS),
    arm=any_of(REPRESENTATIONS),
    start=any_of(TRANSFER["starts"]),
    kernel=any_of(KERNELS),
    property=any_of([*FIELDS["properties"], *LOCO["properties"]]),
    vectors=any_of(FIELDS["element_vectors"]),
    representation=rf"{any_of(STYLES)}|({any_of(VARIANTS)})/seed=\d+",
    seed=r"\d+",
    n_labels=r"\d+",


def growing(mem_mb):
    """Resource function: memory in MB, as much again with every attempt."""

    def memory(wildcards, attempt):
        return mem_mb * attempt

    return memory


def source_of_dataset(wildcards):
    """Name of a dataset's source."""
    return config["datasets"][wildcards.dataset]["source"]


def specification(wildcards):
    """Specification of a source, or of a dataset's source."""
    return SOURCES[wildcards.get("source") or source_of_dataset(wildcards)]


def raw_data(wildcards):
    """Raw data of a dataset: fetched, or one's own where they are."""
    source = source_of_dataset(wildcards)
    return study.raw_data(source, SOURCES[source], "<resources>/raw")


def fingerprint(wildcards):
    """Digest of names, sizes and times of one's own files, so that a changed file is noticed."""
    return catalogue.fingerprint(specification(wildcards))


def specifications_of_collection(wildcards):
    """Specifications of a collection's sources, or of the source of its dataset."""
    collection = COLLECTIONS[wildcards.collection]
    dataset = config["datasets"].get(collection["dataset"])
    names = collection["sources"] if dataset is None else [dataset["source"]]
    return {name: SOURCES[name] for name in names}


def fingerprints_of_collection(wildcards):
    """Digests of one's own files, as `fingerprint`."""
    return [
        catalogue.fingerprint(spec)
        for spec in specifications_of_collection(wildcards).values()
    ]


def raw_data_of_collection(wildcards):
    """Raw data of a collection's sources."""
    sources = COLLECTIONS[wildcards.collection]["sources"]
    return [study.raw_data(name, SOURCES[name], "<resources>/raw") for name in sources]


def crystals_of_collection(wildcards):
    """Crystal table of a collection that is made of one."""
    dataset = COLLECTIONS[wildcards.collection]["dataset"]
    return f"<results>/structures/{dataset}.parquet" if dataset else []


def element_table_of_style(wildcards):
    """Table of element properties of a composition representation, if it needs one."""
    table = STYLES[wildcards.style]["table"]
    if table == "compVec":
        return []
    return study.raw_data(table, SOURCES[table], "<resources>/raw")


def embeddings_of_collection(wildcards):
    """Embeddings of the crystals of a collection by an encoder."""
    dataset = COLLECTIONS[wildcards.collection]["dataset"]
    return f"<results>/embeddings/{dataset}/{wildcards.variant}/seed={wildcards.seed}.parquet"


def names_of_representations(collection):
    """Representations of a collection, one per encoder, with the name they share in figures."""
    return {
        representation: name
        for name in GRIDS[collection]
        for representation in (
            [f"{name}/seed={seed}" for seed in SEEDS[name]]
            if name in VARIANTS
            else [name]
        )
    }


def clusterings_without_kernel(wildcards):
    """Clusterings of a representation that was scaled alike, without a kernel."""
    scaling = KERNELS[wildcards.kernel]["scaling"]
    plain = {"scaling": scaling, "map": "none"}
    kernel = next(name for name, settings in KERNELS.items() if settings == plain)
    return rules.cluster.output[0].replace("{kernel}", kernel)


def measured_of_collection(wildcards):
    """Measures of all representations and kernels of a collection."""
    return collect(
        rules.measure_clusters.output,
        collection=wildcards.collection,
        representation=names_of_representations(wildcards.collection),
        kernel=KERNELS,
    )


def compositions_of_loco(wildcards):
    """Compositions table of a property that is predicted."""
    collection = LOCO["properties"][wildcards.property]["collection"]
    return collect(rules.compositions.output.compositions, collection=collection)


def features_of_loco(wildcards):
    """Representation of a property's compositions; of a projection, both that it needs."""
    collection = LOCO["properties"][wildcards.property]["collection"]
    projection = LOCO["projections"].get(wildcards.representation)
    styles = (
        [projection["of"], projection["like"]]
        if projection
        else [wildcards.representation]
    )
    return collect(rules.represent.output.features, collection=collection, style=styles)


def fold_file(wildcards):
    """Fold file of a task that is split by one."""
    split = TASKS[wildcards.task]["split"]
    return [split["file"]] if split["by"] == "file" else []


def of_task(pattern):
    """Input function: a file of the dataset of a task."""

    def path(wildcards):
        return pattern.format(dataset=TASKS[wildcards.task]["dataset"])

    return path


def n_labels_of_task(task):
    """Numbers of labels shown of a task."""
    return TASKS[task]["n_labels"] or config["label_masking"]["n_labels"]


def label_unit(task):
    """Unit of a task's label."""
    source = config["datasets"][TASKS[task]["dataset"]]["source"]
    return catalogue.labels(SOURCES[source])[TASKS[task]["label"]]


def labels_of_task(task):
    """Units of all labels of the crystals of a task, its own label first."""
    source = config["datasets"][TASKS[task]["dataset"]]["source"]
    own = TASKS[task]["label"]
    return {own: label_unit(task)} | catalogue.labels(SOURCES[source])


def element_table(wildcards):
    """Table of element properties, if the descriptor needs one."""
    if wildcards.descriptor != "magpie_statistics":
        return []
    return study.raw_data("magpie", SOURCES["magpie"], "<resources>/raw")


def raw_digits(wildcards):
    """Raw data of the source of digits."""
    source = DIGITS["source"]
    return study.raw_data(source, SOURCES[source], "<resources>/raw")


def source_of_vectors(wildcards):
    """What vectors of the elements are made of."""
    settings = FIELDS["element_vectors"][wildcards.vectors]
    if "of" in settings:
        return [vectors_named(name) for name in settings["of"]]
    if "method" in settings:
        return rules.environments.output.environments
    table = settings["table"]
    return study.raw_data(table, SOURCES[table], "<resources>/raw")


def compositions_of_property(wildcards):
    """Compositions table of a property of fields."""
    collection = FIELDS["properties"][wildcards.property]["collection"]
    return collect(rules.compositions.output.compositions, collection=collection)


def unit_of(name):
    """Unit of a property of fields."""
    settings = FIELDS["properties"][name]
    labels = study.labels_of_collection(config, SOURCES, settings["collection"])
    return labels[settings["label"]]


def unit_of_property(wildcards):
    """Unit of a property of fields."""
    return unit_of(wildcards.property)


def random_split():
    """The split that holds out fields at random, or else the first."""
    splits = FIELDS["splits"]
    return next(
        (name for name in splits if splits[name]["by"] == "field"), next(iter(splits))
    )


def predictions_of(of, split, model):
    """Table of predictions of a property by a model."""
    path = rules.cross_validate_fields.output[0]
    return collect(path, property=of, split=split, model=model)[0]


def predictions_to_draw(wildcards):
    """Predictions of fields held out at random, by model."""
    drawn = (wildcards.property, random_split())
    return {
        model: predictions_of(of, split, model)
        for of, split, model in PREDICTED
        if (of, split) == drawn and MODELS[model]["kind"] != "dummy"
    }


def predictions_to_rank(wildcards):
    """Predictions of fields held out at random, by the model that ranks candidates."""
    return predictions_to_draw(wildcards)[FIELDS["candidates"]["model"]]


def vectors_named(name):
    """Table of vectors of the elements."""
    return collect(rules.element_vectors.output, vectors=name)[0]


def source_of(settings):
    """What a model of fields knows of the elements: vectors, environments, or nothing."""
    if settings["kind"] == "network_published":
        return rules.environments.output.environments
    return vectors_named(settings["vectors"]) if "vectors" in settings else []


def source_of_model(wildcards):
    """What a model of fields knows of the elements."""
    return source_of(MODELS[wildcards.model])


def sources_of_networks(wildcards):
    """What every network knows of the elements."""
    return [source_of(settings) for settings in FIELD_NETWORKS.values()]


def vectors_of_network(wildcards):
    """Vectors that the ensemble starts from."""
    networks = [
        model for model in FIELD_NETWORKS.values() if model["kind"] == "network"
    ]
    return vectors_named(networks[0]["vectors"])


def vectors_of_accessibility(wildcards):
    """Vectors that networks which guess elements start from."""
    return vectors_named(FIELDS["accessibility"]["vectors"])


def source_of_final_model(wildcards):
    """As `source_of_model`; of the network its ensemble."""
    if MODELS[wildcards.model]["kind"] == "network":
        return rules.ensemble.output[0]
    return source_of_model(wildcards)


def parts_of_stack(wildcards):
    """Predictions of the models of a stack."""
    parts = MODELS[wildcards.model]["of"]
    return [predictions_of(wildcards.property, wildcards.split, part) for part in parts]


def predictions_of_all(wildcards):
    """All tables of predictions."""
    return [predictions_of(*case) for case in PREDICTED]


def tables_of_study(wildcards):
    """All tables that claims may name."""
    clouds = config["isotropy"]["clouds"]
    made = [
        *strand_targets(wildcards),
        *rules.demonstrate.output,
        *collect(rules.split.output, task=TASKS),
        *collect(
            rules.measure_clouds.output, n=clouds["points"], d=clouds["dimensions"]
        ),
        *(predictions_of_all(wildcards) if FIELDS["properties"] else []),
    ]
    return [
        path for path in made if path.endswith(".parquet") and "/figures/" not in path
    ]


def rejected_of_all(wildcards):
    """Tables of refused entries."""
    return [
        *collect(
            [rules.structures.output.rejected, rules.point_sets.output.rejected],
            dataset=DATASETS,
        ),
        *collect(rules.compositions.output.rejected, collection=COLLECTIONS),
        *collect(
            rules.property_of_fields.output.rejected, property=FIELDS["properties"]
        ),
    ]


def figures_of_report():
    """Strand, rule and wildcards of every figure."""
    strands = {
        "infomax": infomax_figures(),
        "isotropy": isotropy_figures(),
        "phase_fields": phase_field_figures(),
    }
    return [
        (strand, rule, dict(zip(values, chosen)))
        for strand, figures in strands.items()
        for rule, values in figures
        for chosen in itertools.product(*values.values())
    ]


def pictures_of_report(wildcards):
    """Figures of all strands."""
    return [
        collect(rule.output.png, **values)[0] for _, rule, values in figures_of_report()
    ]


def captions_of_report(wildcards):
    """Captions of these figures, named like their rules."""
    return [
        workflow.source_path(f"../report/{rule.rule.name.removeprefix('plot_')}.rst")
        for _, rule, _ in figures_of_report()
    ]


def described_figures(wildcards):
    """What these figures are about."""
    return [
        {"strand": strand, "wildcards": values}
        for strand, _, values in figures_of_report()
    ]


def of_pool(pattern):
    """Input function: a file of every dataset of the pool of a variant."""

    def paths(wildcards):
        return collect(pattern, dataset=VARIANTS[wildcards.variant]["pool"]["datasets"])

    return paths


def sources_of_pool(wildcards):
    """Specification of the source of every dataset of a pool."""
    datasets = VARIANTS[wildcards.variant]["pool"]["datasets"]
    return {name: SOURCES[config["datasets"][name]["source"]] for name in datasets}
