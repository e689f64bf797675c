"""What a study makes by default."""


def infomax_targets(wildcards):
    """Tables and figures of the first strand.

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
        *infomax_figures(),
        *explorer_page("crystals"),
    ]


def isotropy_targets(wildcards):
    """Tables and figures of the second strand."""
    return [
        *collect(rules.gather_isotropy.output, collection=GRIDS),
        *(rules.summarise_loco.output if LOCO["properties"] else []),
        *(rules.gather_digits.output if DIGITS else []),
        *isotropy_figures(),
        *explorer_page("isotropy"),
    ]


def phase_field_targets(wildcards):
    """Tables and figures of the third strand."""
    if not FIELDS["properties"]:
        return []
    of_property = [
        rules.property_of_fields.output,
        rules.element_orders.output,
        rules.describe_ensemble.output,
        rules.rank_candidates.output,
    ]
    return [
        *rules.environments.output,
        *rules.retrieval.output,
        *rules.published_candidates.output,
        *rules.compare_models.output,
        *collect(
            [path for output in of_property for path in output],
            property=FIELDS["properties"],
            size=FIELDS["candidates"]["sizes"],
        ),
        *phase_field_figures(),
        *explorer_page("candidates"),
    ]


def explorer_page(name):
    """A page to explore results with, if the study has something for it."""
    return [f"<results>/report/{name}.html"] if name in PAGES else []


def phase_field_figures():
    """Figures of the third strand."""
    figures = [
        *rules.plot_phase_properties.output,
        *rules.plot_phase_models.output,
        *rules.plot_phase_element_map.output,
        *rules.plot_phase_convergence.output,
        *rules.plot_phase_retrieval.output,
    ]
    for drawn in (
        rules.plot_phase_curves,
        rules.plot_phase_values,
        rules.plot_phase_elements,
        rules.plot_phase_candidates,
    ):
        figures += collect(
            drawn.output,
            property=FIELDS["properties"],
            size=FIELDS["candidates"]["sizes"],
        )
    return figures


def study_targets(wildcards):
    """Everything."""
    return [
        *collect(rules.compositions.output, collection=COLLECTIONS),
        *infomax_targets(wildcards),
        *isotropy_targets(wildcards),
        *phase_field_targets(wildcards),
    ]


def infomax_figures():
    """All figures for which there is anything to draw."""
    figures = config["figures"]
    targets = [*rules.plot_rejects.output] if DATASETS else []
    for rule, drawn in (
        (rules.plot_representations, figures["methods"]),
        (rules.plot_transfer, any(starts_of_task(task) for task in TASKS)),
        (rules.plot_embedding_maps, config["embedding_map"]["representations"]),
    ):
        if TASKS and drawn:
            targets += rule.output
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


def isotropy_figures():
    """Figures of the second strand."""
    figures = [*rules.plot_clouds.output]
    figures += rules.plot_digits.output if DIGITS else []
    for drawn in (rules.plot_isotropy_grid, rules.plot_evenness):
        figures += collect(drawn.output, collection=GRIDS)
    of_encoders = [name for name, grid in GRIDS.items() if set(grid) & set(VARIANTS)]
    figures += collect(rules.plot_encoder_isotropy.output, collection=of_encoders)
    return figures + ([*rules.plot_loco.output] if LOCO["properties"] else [])
