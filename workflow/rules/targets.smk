"""What a study makes by default."""


def study_targets(wildcards):
    """Tables of every stage, and all figures.

    The tables are named although the figures need them: a table lost by a failed job is noticed.
    """
    return [
        *collect(
            [*rules.structures.output, *rules.point_sets.output], dataset=DATASETS
        ),
        *collect(
            rules.pretrain.output, variant=TRAINED, seed=config["pretraining"]["seeds"]
        ),
        *collect(rules.compare_arms.output, task=TASKS),
        *(rules.gather_digits.output if DIGITS else []),
        *figure_targets(),
    ]


def figure_targets():
    """All figures for which there is anything to draw."""
    figures, targets = config["figures"], [*rules.plot_rejects.output]
    for rule, drawn in (
        (rules.plot_representations, figures["methods"]),
        (rules.plot_transfer, any(starts_of_task(task) for task in TASKS)),
        (rules.plot_embedding_maps, config["embedding_map"]["representations"]),
    ):
        if TASKS and drawn:
            targets += rule.output
    if DIGITS:
        targets += rules.plot_digits.output
    if TRAINED:
        targets += rules.plot_pretraining.output
    for task in TASKS:
        for rule, drawn in (
            (rules.plot_learning_curves, True),
            (rules.plot_paired, comparisons_of_task(task)),
            (rules.plot_standing, config["label_masking"]["standing"]),
            (rules.plot_pool, figures["pool_curve"]),
        ):
            if drawn:
                targets += collect(rule.output, task=task)
    return targets
