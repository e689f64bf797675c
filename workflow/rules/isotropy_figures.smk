"""Figures of the second strand: each drawn from one table, which is stored beside it.

In: tables of isotropy and of held-out clusters. Out:
figures/isotropy/{name}.{pdf,svg,png,parquet}.
"""


rule plot_clouds:
    """Measures of random clusters against the number of dimensions."""
    input:
        collect(
            rules.measure_clouds.output,
            n=config["isotropy"]["clouds"]["points"],
            d=config["isotropy"]["clouds"]["dimensions"],
        ),
    output:
        table="<results>/figures/isotropy/clouds.parquet",
        pdf="<results>/figures/isotropy/clouds.pdf",
        svg="<results>/figures/isotropy/clouds.svg",
        png=report(
            "<results>/figures/isotropy/clouds.png",
            caption="../report/clouds.rst",
            category="Isotropy",
            labels={"collection": "none", "figure": "random clusters"},
        ),
    log:
        "<logs>/figures/isotropy/clouds.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        measures=config["figures"]["clouds"],
        code=digest("plot_clouds.py"),
    script:
        "../scripts/plot_clouds.py"


rule plot_isotropy_grid:
    """Isotropy, agreement, stability and evenness of representations under kernels."""
    input:
        rules.gather_isotropy.output,
    output:
        table="<results>/figures/isotropy/{collection}_grid.parquet",
        pdf="<results>/figures/isotropy/{collection}_grid.pdf",
        svg="<results>/figures/isotropy/{collection}_grid.svg",
        png=report(
            "<results>/figures/isotropy/{collection}_grid.png",
            caption="../report/isotropy_grid.rst",
            category="Isotropy",
            labels={
                "collection": "{collection}",
                "figure": "representations and kernels",
            },
        ),
    log:
        "<logs>/figures/isotropy/{collection}_grid.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        **config["figures"]["isotropy_grid"],
        code=digest("plot_isotropy_grid.py"),
    script:
        "../scripts/plot_isotropy_grid.py"


rule plot_evenness:
    """Evenness of cluster sizes under every kernel."""
    input:
        rules.gather_isotropy.output,
    output:
        table="<results>/figures/isotropy/{collection}_evenness.parquet",
        pdf="<results>/figures/isotropy/{collection}_evenness.pdf",
        svg="<results>/figures/isotropy/{collection}_evenness.svg",
        png=report(
            "<results>/figures/isotropy/{collection}_evenness.png",
            caption="../report/evenness.rst",
            category="Isotropy",
            labels={"collection": "{collection}", "figure": "evenness of sizes"},
        ),
    log:
        "<logs>/figures/isotropy/{collection}_evenness.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        code=digest("plot_evenness.py"),
    script:
        "../scripts/plot_evenness.py"


rule plot_encoder_isotropy:
    """Clusters of crystals in the spaces of trained and untrained encoders."""
    input:
        rules.gather_isotropy.output,
    output:
        table="<results>/figures/isotropy/{collection}_encoders.parquet",
        pdf="<results>/figures/isotropy/{collection}_encoders.pdf",
        svg="<results>/figures/isotropy/{collection}_encoders.svg",
        png=report(
            "<results>/figures/isotropy/{collection}_encoders.png",
            caption="../report/encoder_isotropy.rst",
            category="Isotropy",
            labels={"collection": "{collection}", "figure": "spaces of encoders"},
        ),
    log:
        "<logs>/figures/isotropy/{collection}_encoders.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        **config["figures"]["encoder_isotropy"],
        n_clusters=config["figures"]["isotropy_grid"]["n_clusters"],
        groups=lambda wildcards: names_of_representations(wildcards.collection),
        code=digest("plot_encoder_isotropy.py"),
    script:
        "../scripts/plot_encoder_isotropy.py"


rule plot_loco:
    """Random forests tested on clusters, beside random folds."""
    input:
        summary=rules.summarise_loco.output.summary,
    output:
        table="<results>/figures/isotropy/loco.parquet",
        pdf="<results>/figures/isotropy/loco.pdf",
        svg="<results>/figures/isotropy/loco.svg",
        png=report(
            "<results>/figures/isotropy/loco.png",
            caption="../report/loco.rst",
            category="Isotropy",
            labels={"collection": "all", "figure": "held-out clusters"},
        ),
    log:
        "<logs>/figures/isotropy/loco.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        scores={
            name: "R²" if task["kind"] == "regression" else "accuracy"
            for name, task in LOCO["properties"].items()
        },
        code=digest("plot_loco.py"),
    script:
        "../scripts/plot_loco.py"
