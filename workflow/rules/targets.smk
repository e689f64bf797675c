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
        *figure_targets(),
    ]


def figure_targets():
    """All figures for which there is anything to draw."""
    of_tasks = [
        rules.plot_learning_curves.output,
        rules.plot_paired.output,
        rules.plot_standing.output,
    ]
    if config["figures"]["pool"]:
        of_tasks.append(rules.plot_pool.output)
    targets = [*rules.plot_rejects.output]
    for outputs in of_tasks:
        targets += collect(outputs, task=TASKS)
    if TASKS and config["figures"]["methods"]:
        targets += rules.plot_representations.output
    if TASKS and FINE_TUNED:
        targets += rules.plot_transfer.output
    if TASKS and config["embedding_map"]["representations"]:
        targets += rules.plot_embedding_maps.output
    if TRAINED:
        targets += rules.plot_pretraining.output
    return targets
