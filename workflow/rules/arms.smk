"""Functions that name what the arms of a task need and are compared with."""


def seeds_of_arm(wildcards):
    """Seeds of the encoders of an arm; an arm without encoder has one."""
    return SEEDS.get(REPRESENTATIONS[wildcards.arm].get("encoder"), [0])


def embeddings_of_arm(wildcards):
    """Embeddings of all encoders of an arm, in the order of their seeds."""
    variant = REPRESENTATIONS[wildcards.arm].get("encoder")
    dataset = TASKS[wildcards.task]["dataset"]
    of_variant = {
        "dataset": dataset,
        "variant": variant,
        "seed": seeds_of_arm(wildcards),
    }
    return collect(rules.embed.output, **of_variant) if variant else []


def descriptors_of_arm(wildcards):
    """Tables of the descriptors of an arm."""
    return collect(
        rules.describe.output,
        dataset=TASKS[wildcards.task]["dataset"],
        descriptor=REPRESENTATIONS[wildcards.arm]["descriptors"],
    )


def starts_of_task(task):
    """Names of the starts that a task has: supervised ones need another task's labels."""
    return [
        name
        for name, start in TRANSFER["starts"].items()
        if TASKS[task]["supervised_on"] or not start["supervised"]
    ]


def encoders_of_start(wildcards):
    """Encoders with which fine-tuning starts, one per seed."""
    start, seeds = TRANSFER["starts"][wildcards.start], TRANSFER["seeds"]
    if start["supervised"]:
        where = {"task": wildcards.task, "start": wildcards.start}
        return collect(rules.supervise.output, **where, seed=seeds)
    return collect(ENCODER, variant=start["encoder"], seed=seeds)


def of_other_task(pattern):
    """Input function: a file of the dataset of the task whose labels supervise."""

    def path(wildcards):
        other = TASKS[wildcards.task]["supervised_on"]
        return pattern.format(dataset=TASKS[other]["dataset"])

    return path


def embeddings_to_map(wildcards):
    """Embeddings of the first encoder of every representation that is mapped."""
    variants = [
        REPRESENTATIONS[arm]["encoder"]
        for arm in config["embedding_map"]["representations"]
    ]
    return collect(
        rules.embed.output,
        zip,
        dataset=[TASKS[wildcards.task]["dataset"]] * len(variants),
        variant=variants,
        seed=[SEEDS[variant][0] for variant in variants],
    )


def label_of_other_task(wildcards):
    """Label that supervises."""
    return TASKS[TASKS[wildcards.task]["supervised_on"]]["label"]


def fits_of_task(wildcards):
    """Results of all arms of a task, frozen and fine-tuned."""
    task, n_labels = wildcards.task, n_labels_of_task(wildcards.task)
    frozen = collect(
        rules.label_masking.output, task=task, arm=REPRESENTATIONS, n_labels=n_labels
    )
    starts = starts_of_task(task)
    return frozen + collect(
        rules.fine_tune.output, task=task, start=starts, n_labels=n_labels
    )


def arms_of_task(wildcards):
    """Arms of a task with the trained variant that their encoder is, if it is one."""
    starts = {name: TRANSFER["starts"][name] for name in starts_of_task(wildcards.task)}
    arms = REPRESENTATIONS | starts
    return {
        name: arm["encoder"]
        for name, arm in arms.items()
        if arm.get("encoder") in TRAINED
    }


def comparisons_of_task(task):
    """Pairs (arm, reference) that a task has."""
    starts = starts_of_task(task)
    pairs = [
        (arm, reference)
        for section, known in (("label_masking", REPRESENTATIONS), ("transfer", starts))
        for arm, references in config[section]["comparisons"].items()
        for reference in references
        if arm in known and reference in known
    ]
    return list(dict.fromkeys(pairs))
