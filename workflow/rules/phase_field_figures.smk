"""Figures of the third strand: each drawn from one table, which is stored beside it.

In: tables of phase fields. Out: figures/phase_fields/{name}.{pdf,svg,png,parquet}.
"""


rule plot_phase_properties:
    """Values and sizes of the fields of every property."""
    input:
        **{
            name: collect(rules.property_of_fields.output.fields, property=name)
            for name in FIELDS["properties"]
        },
    output:
        table="<results>/figures/phase_fields/properties.parquet",
        pdf="<results>/figures/phase_fields/properties.pdf",
        svg="<results>/figures/phase_fields/properties.svg",
        png=report(
            "<results>/figures/phase_fields/properties.png",
            caption="../report/phase_properties.rst",
            category="Phase fields",
            labels={"property": "all", "figure": "values and sizes"},
        ),
    log:
        "<logs>/figures/phase_fields/properties.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        units={name: unit_of(name) for name in FIELDS["properties"]},
        thresholds={
            name: settings["threshold"]
            for name, settings in FIELDS["properties"].items()
        },
        code=digest("plot_phase_properties.py"),
    script:
        "../scripts/plot_phase_properties.py"


rule plot_phase_models:
    """How well models do, by what was held out."""
    input:
        table=rules.compare_models.output.metrics,
    output:
        table="<results>/figures/phase_fields/models.parquet",
        pdf="<results>/figures/phase_fields/models.pdf",
        svg="<results>/figures/phase_fields/models.svg",
        png=report(
            "<results>/figures/phase_fields/models.png",
            caption="../report/phase_models.rst",
            category="Phase fields",
            labels={"property": "all", "figure": "models"},
        ),
    log:
        "<logs>/figures/phase_fields/models.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        kinds={name: KINDS[model["kind"]] for name, model in MODELS.items()},
        splits={name: HELD_OUT[split["by"]] for name, split in FIELDS["splits"].items()},
        units={name: unit_of(name) for name in FIELDS["properties"]},
        code=digest("plot_phase_models.py"),
    script:
        "../scripts/plot_phase_models.py"


rule plot_phase_curves:
    """ROC, precision against recall, and reliability of models."""
    input:
        unpack(predictions_to_draw),
    output:
        table="<results>/figures/phase_fields/{property}_curves.parquet",
        pdf="<results>/figures/phase_fields/{property}_curves.pdf",
        svg="<results>/figures/phase_fields/{property}_curves.svg",
        png=report(
            "<results>/figures/phase_fields/{property}_curves.png",
            caption="../report/phase_curves.rst",
            category="Phase fields",
            labels={"property": "{property}", "figure": "curves"},
        ),
    log:
        "<logs>/figures/phase_fields/{property}_curves.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        kinds={name: KINDS[model["kind"]] for name, model in MODELS.items()},
        code=digest("plot_phase_curves.py"),
    script:
        "../scripts/plot_phase_curves.py"


rule plot_phase_values:
    """Predicted against true values of the fields held out."""
    input:
        table=predictions_to_rank,
    output:
        table="<results>/figures/phase_fields/{property}_values.parquet",
        pdf="<results>/figures/phase_fields/{property}_values.pdf",
        svg="<results>/figures/phase_fields/{property}_values.svg",
        png=report(
            "<results>/figures/phase_fields/{property}_values.png",
            caption="../report/phase_values.rst",
            category="Phase fields",
            labels={"property": "{property}", "figure": "values"},
        ),
    log:
        "<logs>/figures/phase_fields/{property}_values.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        unit=unit_of_property,
        transform=rules.cross_validate_fields.params.transform,
        code=digest("plot_phase_values.py"),
    script:
        "../scripts/plot_phase_values.py"


rule plot_phase_candidates:
    """Probability of candidates against their accessibility."""
    input:
        table=rules.rank_candidates.output[0],
    output:
        table="<results>/figures/phase_fields/{property}_candidates_{size}.parquet",
        pdf="<results>/figures/phase_fields/{property}_candidates_{size}.pdf",
        svg="<results>/figures/phase_fields/{property}_candidates_{size}.svg",
        png=report(
            "<results>/figures/phase_fields/{property}_candidates_{size}.png",
            caption="../report/phase_candidates.rst",
            category="Phase fields",
            labels={
                "property": "{property}",
                "figure": "candidates of {size} elements",
            },
        ),
    log:
        "<logs>/figures/phase_fields/{property}_candidates_{size}.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        unit=unit_of_property,
        code=digest("plot_phase_candidates.py"),
    script:
        "../scripts/plot_phase_candidates.py"


rule plot_phase_elements:
    """What every element contributes."""
    input:
        table=rules.describe_ensemble.output.contributions,
    output:
        table="<results>/figures/phase_fields/{property}_elements.parquet",
        pdf="<results>/figures/phase_fields/{property}_elements.pdf",
        svg="<results>/figures/phase_fields/{property}_elements.svg",
        png=report(
            "<results>/figures/phase_fields/{property}_elements.png",
            caption="../report/phase_elements.rst",
            category="Phase fields",
            labels={"property": "{property}", "figure": "elements"},
        ),
    log:
        "<logs>/figures/phase_fields/{property}_elements.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        code=digest("plot_phase_elements.py"),
    script:
        "../scripts/plot_phase_elements.py"


rule plot_phase_element_map:
    """Elements in two dimensions."""
    input:
        table=rules.element_map.output[0],
    output:
        table="<results>/figures/phase_fields/element_map.parquet",
        pdf="<results>/figures/phase_fields/element_map.pdf",
        svg="<results>/figures/phase_fields/element_map.svg",
        png=report(
            "<results>/figures/phase_fields/element_map.png",
            caption="../report/phase_element_map.rst",
            category="Phase fields",
            labels={"property": "all", "figure": "map of elements"},
        ),
    log:
        "<logs>/figures/phase_fields/element_map.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        method="t-SNE",
        code=digest("plot_phase_element_map.py"),
    script:
        "../scripts/plot_phase_element_map.py"


rule plot_phase_convergence:
    """How many members an ensemble needs."""
    input:
        collect(
            rules.describe_ensemble.output.convergence, property=FIELDS["properties"]
        ),
    output:
        table="<results>/figures/phase_fields/convergence.parquet",
        pdf="<results>/figures/phase_fields/convergence.pdf",
        svg="<results>/figures/phase_fields/convergence.svg",
        png=report(
            "<results>/figures/phase_fields/convergence.png",
            caption="../report/phase_convergence.rst",
            category="Phase fields",
            labels={"property": "all", "figure": "members"},
        ),
    log:
        "<logs>/figures/phase_fields/convergence.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        code=digest("plot_phase_convergence.py"),
    script:
        "../scripts/plot_phase_convergence.py"


rule plot_phase_retrieval:
    """Whether scores of accessibility find reported fields."""
    input:
        table=rules.retrieval.output[0],
    output:
        table="<results>/figures/phase_fields/retrieval.parquet",
        pdf="<results>/figures/phase_fields/retrieval.pdf",
        svg="<results>/figures/phase_fields/retrieval.svg",
        png=report(
            "<results>/figures/phase_fields/retrieval.png",
            caption="../report/phase_retrieval.rst",
            category="Phase fields",
            labels={"property": "all", "figure": "accessibility"},
        ),
    log:
        "<logs>/figures/phase_fields/retrieval.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        code=digest("plot_phase_retrieval.py"),
    script:
        "../scripts/plot_phase_retrieval.py"
