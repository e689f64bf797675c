"""Phase fields: what is known of sets of elements, and what models say of them.

In: compositions/{collection}.parquet, sources of element properties.
Out: phase_fields/{environments,reported}.parquet, phase_fields/elements/{vectors}.parquet,
phase_fields/{property}/fields.parquet,
phase_fields/{property}/predictions/{split}/{model}.parquet, phase_fields/{metrics,comparisons}.parquet.
"""


rule environments:
    """Find the environments in which elements occur."""
    input:
        collect(
            rules.compositions.output.compositions,
            collection=FIELDS["environments"]["collections"],
        ),
    output:
        environments="<results>/phase_fields/environments.parquet",
        rejected="<results>/phase_fields/environments.rejected.parquet",
    log:
        "<logs>/phase_fields/environments.log",
    benchmark:
        "<benchmarks>/phase_fields/environments.tsv"
    conda:
        "../../envs/fields.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=30,
    params:
        max_elements=FIELDS["environments"]["max_elements"],
        code=digest("environments.py"),
    script:
        "../scripts/environments.py"


rule element_vectors:
    """Make vectors of the elements, of their environments or of a table of properties."""
    input:
        source_of_vectors,
    output:
        "<results>/phase_fields/elements/{vectors}.parquet",
    log:
        "<logs>/phase_fields/elements/{vectors}.log",
    conda:
        "../../envs/fields.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        settings=lookup(within=config, dpath="phase_fields/element_vectors/{vectors}"),
        seed=config["seed"],
        code=digest("element_vectors.py"),
    script:
        "../scripts/element_vectors.py"


rule element_map:
    """Place the elements in two dimensions, by each of their vectors."""
    input:
        collect(rules.element_vectors.output, vectors=FIELDS["element_vectors"]),
    output:
        "<results>/phase_fields/element_map.parquet",
    log:
        "<logs>/phase_fields/element_map.log",
    conda:
        "../../envs/fields.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        vectors=list(FIELDS["element_vectors"]),
        seed=config["seed"],
        code=digest("element_map.py"),
    script:
        "../scripts/element_map.py"


rule property_of_fields:
    """Take the largest value of every field."""
    input:
        compositions_of_property,
    output:
        fields="<results>/phase_fields/{property}/fields.parquet",
        rejected="<results>/phase_fields/{property}/fields.rejected.parquet",
    log:
        "<logs>/phase_fields/{property}/fields.log",
    conda:
        "../../envs/structures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        settings=lookup(within=config, dpath="phase_fields/properties/{property}"),
        unit=unit_of_property,
        seed=config["seed"],
        code=digest("property_of_fields.py"),
    script:
        "../scripts/property_of_fields.py"


rule reported_fields:
    """Gather the fields that collections report."""
    input:
        collect(rules.compositions.output.compositions, collection=REPORTED),
    output:
        "<results>/phase_fields/reported.parquet",
    log:
        "<logs>/phase_fields/reported.log",
    conda:
        "../../envs/structures.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=30,
    params:
        collections=REPORTED,
        code=digest("reported_fields.py"),
    script:
        "../scripts/reported_fields.py"


rule cross_validate_fields:
    """Predict the fields that are held out, by a model that is trained on the others."""
    input:
        fields=rules.property_of_fields.output.fields,
        source=source_of_model,
    output:
        "<results>/phase_fields/{property}/predictions/{split}/{model}.parquet",
    log:
        "<logs>/phase_fields/{property}/predictions/{split}/{model}.log",
    benchmark:
        "<benchmarks>/phase_fields/{property}/predictions/{split}/{model}.tsv"
    wildcard_constraints:
        split=any_of(FIELDS["splits"]),
        model=any_of(SINGLE),
    conda:
        "../../envs/fields.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=720,
    params:
        split=lookup(within=config, dpath="phase_fields/splits/{split}"),
        model=lookup(within=config, dpath="phase_fields/models/{model}"),
        transform=lookup(
            within=config, dpath="phase_fields/properties/{property}/transform"
        ),
        unit=unit_of_property,
        network=FIELDS["network"],
        n_inner=FIELDS["inner_folds"],
        seed=config["seed"],
        code=digest("cross_validate_fields.py"),
    script:
        "../scripts/cross_validate_fields.py"


rule stack_fields:
    """Weight models by their predictions of inner folds."""
    input:
        parts_of_stack,
    output:
        "<results>/phase_fields/{property}/predictions/{split}/{model}.parquet",
    log:
        "<logs>/phase_fields/{property}/predictions/{split}/{model}.log",
    wildcard_constraints:
        split=rf"{any_of(FIELDS['splits'])}|candidates_\d",
        model=any_of(STACKS),
    conda:
        "../../envs/fields.yaml"
    threads: 1
    resources:
        mem_mb=growing(8000),
        runtime=60,
    params:
        parts=lookup(within=config, dpath="phase_fields/models/{model}/of"),
        transform=rules.cross_validate_fields.params.transform,
        unit=unit_of_property,
        code=digest("stack_fields.py"),
    script:
        "../scripts/stack_fields.py"


rule element_orders:
    """Predict fields with their elements in other orders."""
    input:
        fields=rules.property_of_fields.output.fields,
        sources=sources_of_networks,
    output:
        "<results>/phase_fields/{property}/orders.parquet",
    log:
        "<logs>/phase_fields/{property}/orders.log",
    benchmark:
        "<benchmarks>/phase_fields/{property}/orders.tsv"
    conda:
        "../../envs/fields.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=240,
    params:
        models=FIELD_NETWORKS,
        transform=rules.cross_validate_fields.params.transform,
        unit=unit_of_property,
        network=FIELDS["network"],
        n_inner=FIELDS["inner_folds"],
        seed=config["seed"],
        code=digest("element_orders.py"),
    script:
        "../scripts/element_orders.py"


rule compare_models:
    """Measure all models on the fields held out, and compare them fold by fold."""
    input:
        predictions_of_all,
    output:
        metrics="<results>/phase_fields/metrics.parquet",
        comparisons="<results>/phase_fields/comparisons.parquet",
    log:
        "<logs>/phase_fields/compare_models.log",
    conda:
        "../../envs/fields.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=60,
    params:
        cases=PREDICTED,
        comparisons=FIELDS["comparisons"],
        seed=config["seed"],
        code=digest("compare_models.py"),
    script:
        "../scripts/compare_models.py"
