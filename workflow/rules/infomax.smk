"""Pre-training without labels, and embedding with what came of it.

In: point sets. Out: infomax/{task}/pool.parquet, infomax/{task}/{arm}/seed={seed}/encoder.safetensors
and history.parquet, embeddings/{task}/{arm}/seed={seed}.parquet.
"""


rule pool:
    """Choose the crystals of pre-training: none of the task's test crystals."""
    input:
        crystals=collect(
            "<results>/structures/{dataset}.parquet",
            dataset=config["pretraining"]["datasets"],
        ),
        point_sets=collect(
            "<results>/point_sets/{dataset}", dataset=config["pretraining"]["datasets"]
        ),
        split=rules.split.output,
    output:
        "<results>/infomax/{task}/pool.parquet",
    log:
        "<logs>/infomax/{task}/pool.log",
    conda:
        "../../envs/structures.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=10,
    params:
        datasets=config["pretraining"]["datasets"],
        dataset=lookup(within=config, dpath="tasks/{task}/dataset"),
        transductive=config["pretraining"]["transductive"],
        code=digest("pool.py"),
    script:
        "../scripts/pool.py"


rule pretrain:
    """Pre-train one encoder; an interrupted run goes on where it stopped."""
    input:
        pool=rules.pool.output,
        crystals=rules.pool.input.crystals,
        point_sets=rules.pool.input.point_sets,
    output:
        encoder="<results>/infomax/{task}/{variant}/seed={seed}/encoder.safetensors",
        history="<results>/infomax/{task}/{variant}/seed={seed}/history.parquet",
    log:
        "<logs>/infomax/{task}/{variant}/seed={seed}.log",
    benchmark:
        "<benchmarks>/infomax/{task}/{variant}/seed={seed}.tsv"
    conda:
        "../../envs/torch.yaml"
    # One thread: sums are then added in the same order on every machine. On a larger CPU,
    # --set-threads pretrain=8 is faster and equal only up to rounding.
    threads: 1
    resources:
        mem_mb=6000,
        runtime=1440,
    params:
        datasets=config["pretraining"]["datasets"],
        variant=lookup(within=config, dpath="pretraining/variants/{variant}"),
        label=lookup(within=config, dpath="tasks/{task}/label"),
        training={
            key: config["pretraining"][key]
            for key in (
                "learning_rate",
                "max_epochs",
                "patience",
                "sites_per_batch",
                "accelerator",
                "devices",
            )
        },
        seed=config["seed"],
        code=digest("pretrain.py"),
    script:
        "../scripts/pretrain.py"


rule initialise:
    """The corrected encoder before training: what pre-training is compared with."""
    output:
        encoder="<results>/infomax/{task}/untrained/seed={seed}/encoder.safetensors",
    log:
        "<logs>/infomax/{task}/untrained/seed={seed}.log",
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        seed=config["seed"],
        code=digest("initialise.py"),
    script:
        "../scripts/initialise.py"


rule embed:
    """Embed the crystals of a task with a frozen encoder."""
    input:
        encoder="<results>/infomax/{task}/{arm}/seed={seed}/encoder.safetensors",
        point_sets=of_task(rules.point_sets.output.shards),
    output:
        "<results>/embeddings/{task}/{arm}/seed={seed}.parquet",
    log:
        "<logs>/embeddings/{task}/{arm}/seed={seed}.log",
    benchmark:
        "<benchmarks>/embeddings/{task}/{arm}/seed={seed}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        sites_per_batch=config["pretraining"]["sites_per_batch"],
        accelerator=config["pretraining"]["accelerator"],
        code=digest("embed.py"),
    script:
        "../scripts/embed.py"
