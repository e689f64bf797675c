"""Figures: each drawn from one table, which is stored beside it.

In: tables of the stages. Out: figures/{family}/{name}.{pdf,svg,png,parquet}.
"""


rule histories:
    """Put the pre-training histories of all variants and seeds of a task into one table."""
    input:
        collect(
            rules.pretrain.output.history,
            variant=config["pretraining"]["variants"],
            seed=config["pretraining"]["seeds"],
            allow_missing=True,
        ),
    output:
        "<results>/infomax/{task}/histories.parquet",
    log:
        "<logs>/infomax/{task}/histories.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=digest("histories.py"),
    script:
        "../scripts/histories.py"


rule plot_label_masking:
    """Test error of every arm against the number of labels."""
    input:
        table=rules.compare_arms.output.results,
    output:
        table="<results>/figures/label_masking/{task}_mae.parquet",
        pdf="<results>/figures/label_masking/{task}_mae.pdf",
        svg="<results>/figures/label_masking/{task}_mae.svg",
        png=report(
            "<results>/figures/label_masking/{task}_mae.png",
            caption="../report/label_masking.rst",
            category="Label masking",
            labels={"task": "{task}", "figure": "test error"},
        ),
    log:
        "<logs>/figures/label_masking/{task}_mae.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        label=lookup(within=config, dpath="tasks/{task}/label"),
        unit=label_unit,
        code=digest("plot_label_masking.py"),
    script:
        "../scripts/plot_label_masking.py"


rule plot_paired_differences:
    """Differences between arms on the same label subsets."""
    input:
        table=rules.compare_arms.output.paired,
    output:
        table="<results>/figures/label_masking/{task}_paired.parquet",
        pdf="<results>/figures/label_masking/{task}_paired.pdf",
        svg="<results>/figures/label_masking/{task}_paired.svg",
        png=report(
            "<results>/figures/label_masking/{task}_paired.png",
            caption="../report/paired_differences.rst",
            category="Label masking",
            labels={"task": "{task}", "figure": "paired differences"},
        ),
    log:
        "<logs>/figures/label_masking/{task}_paired.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        label=lookup(within=config, dpath="tasks/{task}/label"),
        unit=label_unit,
        code=digest("plot_paired_differences.py"),
    script:
        "../scripts/plot_paired_differences.py"


rule plot_pretraining:
    """Losses against epochs."""
    input:
        table=rules.histories.output[0],
    output:
        table="<results>/figures/infomax/{task}_pretraining.parquet",
        pdf="<results>/figures/infomax/{task}_pretraining.pdf",
        svg="<results>/figures/infomax/{task}_pretraining.svg",
        png=report(
            "<results>/figures/infomax/{task}_pretraining.png",
            caption="../report/pretraining.rst",
            category="Pre-training",
            labels={"task": "{task}", "figure": "losses"},
        ),
    log:
        "<logs>/figures/infomax/{task}_pretraining.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        unit=label_unit,
        code=digest("plot_pretraining.py"),
    script:
        "../scripts/plot_pretraining.py"


rule plot_embedding_map:
    """Embeddings in two dimensions, trained beside untrained."""
    input:
        table=rules.embedding_map.output[0],
    output:
        table="<results>/figures/infomax/{task}_embedding_map.parquet",
        pdf="<results>/figures/infomax/{task}_embedding_map.pdf",
        svg="<results>/figures/infomax/{task}_embedding_map.svg",
        png=report(
            "<results>/figures/infomax/{task}_embedding_map.png",
            caption="../report/embedding_map.rst",
            category="Pre-training",
            labels={"task": "{task}", "figure": "embedding map"},
        ),
    log:
        "<logs>/figures/infomax/{task}_embedding_map.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        label=lookup(within=config, dpath="tasks/{task}/label"),
        unit=label_unit,
        code=digest("plot_embedding_map.py"),
    script:
        "../scripts/plot_embedding_map.py"


rule plot_rejects:
    """How many entries every source lost, and why."""
    input:
        table=rules.outcomes.output[0],
    output:
        table="<results>/figures/structures/rejects.parquet",
        pdf="<results>/figures/structures/rejects.pdf",
        svg="<results>/figures/structures/rejects.svg",
        png=report(
            "<results>/figures/structures/rejects.png",
            caption="../report/rejects.rst",
            category="Data",
            labels={"figure": "rejects"},
        ),
    log:
        "<logs>/figures/structures/rejects.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code=digest("plot_rejects.py"),
    script:
        "../scripts/plot_rejects.py"
