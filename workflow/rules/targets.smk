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
        *files_of(infomax_figures()),
        *explorer_page("crystals"),
    ]


def isotropy_targets(wildcards):
    """Tables and figures of the second strand."""
    return [
        *collect(rules.gather_isotropy.output, collection=GRIDS),
        *(rules.summarise_loco.output if LOCO["properties"] else []),
        *(rules.gather_digits.output if DIGITS else []),
        *files_of(isotropy_figures()),
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
        *files_of(phase_field_figures()),
        *explorer_page("candidates"),
    ]


def explorer_page(name):
    """A page to explore results with, if the study has something for it."""
    return [f"<results>/report/{name}.html"] if name in PAGES else []


def strand_targets(wildcards):
    """All three strands."""
    return [
        *collect(rules.compositions.output, collection=COLLECTIONS),
        *infomax_targets(wildcards),
        *isotropy_targets(wildcards),
        *phase_field_targets(wildcards),
    ]


def study_targets(wildcards):
    """Everything."""
    return [*strand_targets(wildcards), *rules.report_page.output]


def files_of(figures):
    """All files of figures, given by their rules and the values of their wildcards."""
    return [path for rule, values in figures for path in collect(rule.output, **values)]


def infomax_figures():
    """Figures of the first strand for which there is anything to draw."""
    drawn = config["figures"]
    figures = [(rules.plot_rejects, {})] if DATASETS else []
    if TRAINED:
        figures.append((rules.plot_pretraining, {}))
    for rule, shown in (
        (rules.plot_representations, drawn["methods"]),
        (rules.plot_transfer, any(starts_of_task(task) for task in TASKS)),
        (rules.plot_embedding_maps, config["embedding_map"]["representations"]),
    ):
        if TASKS and shown:
            figures.append((rule, {}))
    compared = [task for task in TASKS if comparisons_of_task(task)]
    for rule, tasks in (
        (rules.plot_learning_curves, TASKS),
        (rules.plot_paired, compared),
        (rules.plot_standing, TASKS if config["label_masking"]["standing"] else []),
        (rules.plot_pool, TASKS if drawn["pool_curve"] else []),
    ):
        figures.append((rule, {"task": list(tasks)}))
    return figures


def isotropy_figures():
    """Figures of the second strand."""
    of_encoders = [name for name, grid in GRIDS.items() if set(grid) & set(VARIANTS)]
    return [
        (rules.plot_clouds, {}),
        *([(rules.plot_digits, {})] if DIGITS else []),
        (rules.plot_isotropy_grid, {"collection": list(GRIDS)}),
        (rules.plot_evenness, {"collection": list(GRIDS)}),
        (rules.plot_encoder_isotropy, {"collection": of_encoders}),
        *([(rules.plot_loco, {})] if LOCO["properties"] else []),
    ]


def phase_field_figures():
    """Figures of the third strand."""
    if not FIELDS["properties"]:
        return []
    of_property = {"property": list(FIELDS["properties"])}
    return [
        (rules.plot_phase_properties, {}),
        (rules.plot_phase_models, {}),
        (rules.plot_phase_curves, of_property),
        (rules.plot_phase_values, of_property),
        (
            rules.plot_phase_candidates,
            {**of_property, "size": FIELDS["candidates"]["sizes"]},
        ),
        (rules.plot_phase_elements, of_property),
        (rules.plot_phase_element_map, {}),
        (rules.plot_phase_convergence, {}),
        (rules.plot_phase_retrieval, {}),
    ]
