"""Figures: each drawn from one table, which is stored beside it.

In: tables of the stages. Out: figures/{family}/{name}.{pdf,svg,png,parquet}.
"""

UNITS = {task: label_unit(task) for task in TASKS}
FINE_TUNED = [[start, "fine_tuning"] for start in config["transfer"]["starts"]]
FIRST_HEADS = [[arm, settings["heads"][0]] for arm, settings in REPRESENTATIONS.items()]
WITHOUT_PRETRAINING = [
    arm
    for arm, settings in [
        *REPRESENTATIONS.items(),
        *config["transfer"]["starts"].items(),
    ]
    if settings.get("encoder") not in TRAINED and not settings.get("supervised")
]


rule histories:
    """Put the pre-training histories of all variants and seeds into one table."""
    input:
        collect(
            rules.pretrain.output.history,
            variant=TRAINED,
            seed=config["pretraining"]["seeds"],
        ),
    output:
        "<results>/infomax/histories.parquet",
    log:
        "<logs>/infomax/histories.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=10,
    params:
        code=digest("histories.py"),
    script:
        "../scripts/histories.py"


rule plot_representations:
    """Test error of regressors on frozen representations, all tasks."""
    input:
        tables=collect(rules.compare_arms.output.results, task=TASKS),
    output:
        table="<results>/figures/label_masking/representations.parquet",
        pdf="<results>/figures/label_masking/representations.pdf",
        svg="<results>/figures/label_masking/representations.svg",
        png=report(
            "<results>/figures/label_masking/representations.png",
            caption="../report/representations.rst",
            category="Label masking",
            labels={"task": "all", "figure": "representations"},
        ),
    log:
        "<logs>/figures/label_masking/representations.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        methods=config["figures"]["methods"],
        units=UNITS,
        code=digest("plot_representations.py"),
    script:
        "../scripts/plot_representations.py"


rule plot_transfer:
    """Test error of fine-tuned encoders by what they started from, all tasks."""
    input:
        tables=collect(rules.compare_arms.output.results, task=TASKS),
    output:
        table="<results>/figures/label_masking/transfer.parquet",
        pdf="<results>/figures/label_masking/transfer.pdf",
        svg="<results>/figures/label_masking/transfer.svg",
        png=report(
            "<results>/figures/label_masking/transfer.png",
            caption="../report/transfer.rst",
            category="Label masking",
            labels={"task": "all", "figure": "transfer"},
        ),
    log:
        "<logs>/figures/label_masking/transfer.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        methods=FINE_TUNED,
        units=UNITS,
        code=digest("plot_transfer.py"),
    script:
        "../scripts/plot_transfer.py"


rule plot_learning_curves:
    """Test error of every arm, with its first head, against the number of labels."""
    input:
        table=rules.compare_arms.output.results,
    output:
        table="<results>/figures/label_masking/{task}_learning_curves.parquet",
        pdf="<results>/figures/label_masking/{task}_learning_curves.pdf",
        svg="<results>/figures/label_masking/{task}_learning_curves.svg",
        png=report(
            "<results>/figures/label_masking/{task}_learning_curves.png",
            caption="../report/learning_curves.rst",
            category="Label masking",
            labels={"task": "{task}", "figure": "learning curves"},
        ),
    log:
        "<logs>/figures/label_masking/{task}_learning_curves.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        label=lookup(within=config, dpath="tasks/{task}/label"),
        unit=lookup(within=UNITS, dpath="{task}"),
        methods=FIRST_HEADS + FINE_TUNED,
        highlight=config["figures"]["highlight"],
        baselines=WITHOUT_PRETRAINING,
        code=digest("plot_learning_curves.py"),
    script:
        "../scripts/plot_learning_curves.py"


rule plot_paired:
    """Differences between arms on the same label subsets."""
    input:
        table=rules.compare_arms.output.paired,
    output:
        table="<results>/figures/label_masking/{task}_paired.parquet",
        pdf="<results>/figures/label_masking/{task}_paired.pdf",
        svg="<results>/figures/label_masking/{task}_paired.svg",
        png=report(
            "<results>/figures/label_masking/{task}_paired.png",
            caption="../report/paired.rst",
            category="Label masking",
            labels={"task": "{task}", "figure": "paired differences"},
        ),
    log:
        "<logs>/figures/label_masking/{task}_paired.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        label=lookup(within=config, dpath="tasks/{task}/label"),
        unit=lookup(within=UNITS, dpath="{task}"),
        code=digest("plot_paired.py"),
    script:
        "../scripts/plot_paired.py"


rule plot_standing:
    """Differences of one method from every other on the same label subsets."""
    input:
        table=rules.compare_arms.output.standing,
    output:
        table="<results>/figures/label_masking/{task}_standing.parquet",
        pdf="<results>/figures/label_masking/{task}_standing.pdf",
        svg="<results>/figures/label_masking/{task}_standing.svg",
        png=report(
            "<results>/figures/label_masking/{task}_standing.png",
            caption="../report/standing.rst",
            category="Label masking",
            labels={"task": "{task}", "figure": "standing"},
        ),
    log:
        "<logs>/figures/label_masking/{task}_standing.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        label=lookup(within=config, dpath="tasks/{task}/label"),
        unit=lookup(within=UNITS, dpath="{task}"),
        code=digest("plot_standing.py"),
    script:
        "../scripts/plot_standing.py"


rule plot_pool:
    """Test error against the number of crystals of pre-training."""
    input:
        table=rules.compare_arms.output.summary,
    output:
        table="<results>/figures/label_masking/{task}_pool.parquet",
        pdf="<results>/figures/label_masking/{task}_pool.pdf",
        svg="<results>/figures/label_masking/{task}_pool.svg",
        png=report(
            "<results>/figures/label_masking/{task}_pool.png",
            caption="../report/pool.rst",
            category="Label masking",
            labels={"task": "{task}", "figure": "crystals of pre-training"},
        ),
    log:
        "<logs>/figures/label_masking/{task}_pool.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        label=lookup(within=config, dpath="tasks/{task}/label"),
        unit=lookup(within=UNITS, dpath="{task}"),
        arms=config["figures"]["pool_curve"],
        code=digest("plot_pool.py"),
    script:
        "../scripts/plot_pool.py"


rule plot_pretraining:
    """Losses against epochs."""
    input:
        table=rules.histories.output[0],
    output:
        table="<results>/figures/infomax/pretraining.parquet",
        pdf="<results>/figures/infomax/pretraining.pdf",
        svg="<results>/figures/infomax/pretraining.svg",
        png=report(
            "<results>/figures/infomax/pretraining.png",
            caption="../report/pretraining.rst",
            category="Pre-training",
            labels={"task": "all", "figure": "losses"},
        ),
    log:
        "<logs>/figures/infomax/pretraining.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        code=digest("plot_pretraining.py"),
    script:
        "../scripts/plot_pretraining.py"


rule plot_embedding_maps:
    """Representations in two dimensions, trained beside untrained, all tasks."""
    input:
        tables=collect(rules.embedding_map.output, task=TASKS),
    output:
        table="<results>/figures/infomax/embedding_maps.parquet",
        pdf="<results>/figures/infomax/embedding_maps.pdf",
        svg="<results>/figures/infomax/embedding_maps.svg",
        png=report(
            "<results>/figures/infomax/embedding_maps.png",
            caption="../report/embedding_maps.rst",
            category="Pre-training",
            labels={"task": "all", "figure": "embedding maps"},
        ),
    log:
        "<logs>/figures/infomax/embedding_maps.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        units=UNITS,
        code=digest("plot_embedding_maps.py"),
    script:
        "../scripts/plot_embedding_maps.py"


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
        mem_mb=growing(2000),
        runtime=10,
    params:
        code=digest("plot_rejects.py"),
    script:
        "../scripts/plot_rejects.py"
