"""Checks of the configuration, and the functions that name a rule's inputs.

Parsed again by every cluster job: imports nothing heavy and reads no large file.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir) / "workflow"))

from unlabelled import study
from unlabelled.code import digest
from unlabelled.sources import catalogue

SOURCES = study.check(
    config,
    Path(workflow.basedir) / "resources" / "sources.yaml",
    Path(workflow.basedir) / "workflow" / "schemas",
)
UNTRAINED = "untrained"
DATASETS = study.datasets_used(config)
SEEDS = {  # of the encoders of every arm
    UNTRAINED: config["pretraining"]["untrained_seeds"],
    **dict.fromkeys(config["pretraining"]["variants"], config["pretraining"]["seeds"]),
}
ARMS = list(SEEDS)


wildcard_constraints:
    dataset="|".join(config["datasets"]),
    task="|".join(config["tasks"]) or "none",
    arm="|".join(ARMS),
    variant="|".join(config["pretraining"]["variants"]) or "none",
    seed=r"\d+",
    n_labels=r"\d+",


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


def fold_file(wildcards):
    """Fold file of a task that is split by one."""
    split = config["tasks"][wildcards.task]["split"]
    return [split["file"]] if split["by"] == "file" else []


def of_task(pattern):
    """Input function: a file of the dataset of a task."""

    def path(wildcards):
        return pattern.format(dataset=config["tasks"][wildcards.task]["dataset"])

    return path


def embeddings_of_arm(wildcards):
    """Embeddings of all encoders of an arm."""
    task, arm = wildcards.task, wildcards.arm
    return collect(rules.embed.output, task=task, arm=arm, seed=SEEDS[arm])


def label_unit(wildcards):
    """Unit of a task's label."""
    task = config["tasks"][wildcards.task]
    source = config["datasets"][task["dataset"]]["source"]
    return catalogue.labels(SOURCES[source])[task["label"]]


def study_targets(wildcards):
    """Tables of every stage, and all figures.

    The tables are named although the figures need them: a table lost by a failed job is noticed.
    """
    tables = [*rules.structures.output, *rules.point_sets.output]
    encoders = [*rules.pretrain.output]
    of_tasks = [
        *rules.compare_arms.output,
        *rules.plot_label_masking.output,
        *rules.plot_paired_differences.output,
        *rules.plot_pretraining.output,
        *rules.plot_embedding_map.output,
    ]
    pretraining = config["pretraining"]
    return [
        *collect(tables, dataset=DATASETS),
        *collect(
            encoders,
            task=config["tasks"],
            variant=pretraining["variants"],
            seed=pretraining["seeds"],
        ),
        *collect(of_tasks, task=config["tasks"]),
        *rules.plot_rejects.output,
    ]
