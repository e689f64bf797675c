"""What a study makes by default.

All files are named although the last of them need the others: a file that was lost, with a job that
failed after a change, would otherwise not be missed, and what follows from it would stay as it was.
"""


def infomax_targets(wildcards):
    """Tables and figures of the first strand."""
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
    return [
        *strand_targets(wildcards),
        *infomax_parts(wildcards),
        *isotropy_parts(wildcards),
        *phase_field_parts(wildcards),
        *rules.demonstrate.output,
        *rules.judge_claims.output,
        *rules.report_page.output,
    ]


def of_each(function, **values):
    """What an input function names for all combinations of wildcards."""
    return [
        path
        for chosen in itertools.product(*values.values())
        for path in function(SimpleNamespace(**dict(zip(values, chosen))))
    ]


def infomax_parts(wildcards):
    """What the tables of the first strand are made of."""
    started = {start for task in TASKS for start in starts_of_task(task)}
    encoders = {
        (arm["encoder"], seed)
        for arm in REPRESENTATIONS.values()
        if TASKS and arm.get("encoder")
        for seed in SEEDS[arm["encoder"]]
    } | {
        (TRANSFER["starts"][start]["encoder"], seed)
        for start in started
        for seed in TRANSFER["seeds"]
    }
    arms = {"task": TASKS, "arm": REPRESENTATIONS}
    return [
        *(rules.outcomes.output if DATASETS else []),
        *collect(rules.split.output, task=TASKS),
        *collect(rules.pool.output, variant=TRAINED),
        *(rules.histories.output if TRAINED else []),
        *(
            ENCODER.format(variant=variant, seed=seed)
            for variant, seed in sorted(encoders)
        ),
        *of_each(embeddings_of_arm, **arms),
        *of_each(descriptors_of_arm, **arms),
        *(
            path
            for task in TASKS
            for path in of_each(
                encoders_of_start, task=[task], start=starts_of_task(task)
            )
        ),
        *of_each(fits_of_task, task=TASKS),
        *(
            collect(rules.embedding_map.output, task=TASKS)
            if config["embedding_map"]["representations"]
            else []
        ),
    ]


def isotropy_parts(wildcards):
    """What the tables of the second strand are made of."""
    parts = [*rules.plot_clouds.input]
    for collection, grid in GRIDS.items():
        where = {"collection": collection}
        variants = [name for name in grid if name in VARIANTS]
        styles = [name for name in grid if name not in VARIANTS]
        shown = {**where, "representation": names_of_representations(collection)}
        parts += [
            *collect(rules.compositions.output, **where),
            *collect(rules.represent.output, **where, style=styles),
            *collect(rules.cluster.input, **shown),
            *collect(rules.cluster.output, **shown, kernel=KERNELS),
            *collect(rules.measure_clusters.output, **shown, kernel=KERNELS),
        ]
        for variant in variants:
            of = {"dataset": COLLECTIONS[collection]["dataset"], "variant": variant}
            parts += collect([ENCODER, *rules.embed.output], **of, seed=SEEDS[variant])
    projected = [
        projection[part]
        for projection in LOCO["projections"].values()
        for part in ("of", "like")
    ]
    for of in LOCO["properties"].values():
        parts += collect(
            [*rules.compositions.output, *rules.represent.output],
            collection=of["collection"],
            style=[*LOCO["representations"], *projected],
        )
    return [
        *parts,
        *(rules.summarise_loco.input if LOCO["properties"] else []),
        *(rules.gather_digits.input if DIGITS else []),
    ]


def phase_field_parts(wildcards):
    """What the tables of the third strand are made of."""
    if not FIELDS["properties"]:
        return []
    sizes = FIELDS["candidates"]["sizes"]
    final = FIELDS["candidates"]["model"]
    of_property = [*rules.property_of_fields.output, *rules.ensemble.output]
    return [
        *rules.environments.input,
        *rules.reported_fields.input,
        *rules.element_map.input,
        *rules.element_map.output,
        *rules.reported_fields.output,
        *predictions_of_all(wildcards),
        *collect(of_property, property=FIELDS["properties"]),
        *collect(rules.candidate_fields.output, size=sizes),
        *collect(
            rules.predict_candidates.output,
            property=FIELDS["properties"],
            size=sizes,
            model=[final, *MODELS[final].get("of", [])],
        ),
    ]


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
