"""Fields that nobody has reported: what to expect of them, and whether they can be made.

In: phase_fields/{reported,environments}.parquet, phase_fields/{property}/fields.parquet.
Out: phase_fields/retrieval.parquet, phase_fields/candidates/size={size}.parquet,
phase_fields/{property}/ensemble.safetensors, phase_fields/{property}/{contributions,convergence}.parquet,
phase_fields/{property}/candidates/size={size}.parquet, phase_fields/published_candidates.parquet.
"""


rule retrieval:
    """Test whether scores of accessibility find reported fields among unreported ones."""
    input:
        reported=rules.reported_fields.output[0],
        vectors=vectors_of_accessibility,
        environments=rules.environments.output.environments,
    output:
        "<results>/phase_fields/retrieval.parquet",
    log:
        "<logs>/phase_fields/retrieval.log",
    benchmark:
        "<benchmarks>/phase_fields/retrieval.tsv"
    conda:
        "../../envs/fields.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=240,
    params:
        settings=FIELDS["accessibility"],
        seed=config["seed"],
        code=digest("retrieval.py"),
    script:
        "../scripts/retrieval.py"


rule candidate_fields:
    """List the fields that nobody has reported, with their accessibility."""
    input:
        reported=rules.reported_fields.output[0],
        vectors=vectors_of_accessibility,
    output:
        "<results>/phase_fields/candidates/size={size}.parquet",
    log:
        "<logs>/phase_fields/candidates/size={size}.log",
    benchmark:
        "<benchmarks>/phase_fields/candidates/size={size}.tsv"
    wildcard_constraints:
        size=r"\d",
    conda:
        "../../envs/fields.yaml"
    threads: 1
    resources:
        mem_mb=growing(8000),
        runtime=240,
    params:
        settings=FIELDS["accessibility"],
        exclude=FIELDS["candidates"]["exclude"],
        seed=config["seed"],
        code=digest("candidate_fields.py"),
    script:
        "../scripts/candidate_fields.py"


rule ensemble:
    """Train an ensemble on all fields of a property."""
    input:
        fields=rules.property_of_fields.output.fields,
        vectors=vectors_of_network,
    output:
        "<results>/phase_fields/{property}/ensemble.safetensors",
    log:
        "<logs>/phase_fields/{property}/ensemble.log",
    benchmark:
        "<benchmarks>/phase_fields/{property}/ensemble.tsv"
    conda:
        "../../envs/fields.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=720,
    params:
        transform=rules.cross_validate_fields.params.transform,
        network=FIELDS["network"],
        members=FIELDS["ensemble_members"],
        n_inner=FIELDS["inner_folds"],
        seed=config["seed"],
        code=digest("ensemble.py"),
    script:
        "../scripts/ensemble.py"


rule describe_ensemble:
    """Ask an ensemble what every element contributes, and how many members are enough."""
    input:
        fields=rules.property_of_fields.output.fields,
        ensemble=rules.ensemble.output[0],
    output:
        contributions="<results>/phase_fields/{property}/contributions.parquet",
        convergence="<results>/phase_fields/{property}/convergence.parquet",
    log:
        "<logs>/phase_fields/{property}/describe_ensemble.log",
    conda:
        "../../envs/fields.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=120,
    params:
        unit=unit_of_property,
        code=digest("describe_ensemble.py"),
    script:
        "../scripts/describe_ensemble.py"


rule predict_candidates:
    """Predict candidates by a model that is trained on all fields."""
    input:
        fields=rules.property_of_fields.output.fields,
        candidates=rules.candidate_fields.output[0],
        source=source_of_final_model,
    output:
        "<results>/phase_fields/{property}/predictions/candidates_{size}/{model}.parquet",
    log:
        "<logs>/phase_fields/{property}/predictions/candidates_{size}/{model}.log",
    benchmark:
        "<benchmarks>/phase_fields/{property}/predictions/candidates_{size}/{model}.tsv"
    wildcard_constraints:
        size=r"\d",
        model=any_of(SINGLE),
    conda:
        "../../envs/fields.yaml"
    threads: 1
    resources:
        mem_mb=growing(8000),
        runtime=240,
    params:
        model=lookup(within=config, dpath="phase_fields/models/{model}"),
        transform=rules.cross_validate_fields.params.transform,
        unit=unit_of_property,
        network=FIELDS["network"],
        n_inner=FIELDS["inner_folds"],
        seed=config["seed"],
        code=digest("predict_candidates.py"),
    script:
        "../scripts/predict_candidates.py"


rule rank_candidates:
    """Rank candidates by probability and accessibility."""
    input:
        candidates=rules.candidate_fields.output[0],
        reported=rules.reported_fields.output[0],
        predictions=f"<results>/phase_fields/{{property}}/predictions/candidates_{{size}}/{FIELDS['candidates']['model']}.parquet",
    output:
        "<results>/phase_fields/{property}/candidates/size={size}.parquet",
    log:
        "<logs>/phase_fields/{property}/candidates/size={size}.log",
    wildcard_constraints:
        size=r"\d",
    conda:
        "../../envs/structures.yaml"
    threads: 1
    resources:
        mem_mb=growing(8000),
        runtime=60,
    params:
        settings=lookup(within=config, dpath="phase_fields/properties/{property}"),
        top=FIELDS["candidates"]["top"],
        unit=unit_of_property,
        code=digest("rank_candidates.py"),
    script:
        "../scripts/rank_candidates.py"


rule published_candidates:
    """Say which candidates of the study had been reported, and where."""
    input:
        candidates=workflow.source_path("../../resources/phaseselect_candidates.csv"),
        reported=rules.reported_fields.output[0],
    output:
        "<results>/phase_fields/published_candidates.parquet",
    log:
        "<logs>/phase_fields/published_candidates.log",
    localrule: True
    conda:
        "../../envs/structures.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=10,
    params:
        code=digest("published_candidates.py"),
    script:
        "../scripts/published_candidates.py"
