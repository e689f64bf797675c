"""Pre-training without labels, and embedding with what came of it.

In: point sets. Out: infomax/{variant}/pool.parquet, infomax/{variant}/seed={seed}/encoder.safetensors
and history.parquet, embeddings/{dataset}/{variant}/seed={seed}.parquet.
"""


rule pool:
    """Choose the crystals of pre-training: no test crystal of any task."""
    input:
        crystals=of_pool("<results>/structures/{dataset}.parquet"),
        point_sets=of_pool("<results>/point_sets/{dataset}"),
        splits=collect(rules.split.output, task=TASKS),
    output:
        "<results>/infomax/{variant}/pool.parquet",
    log:
        "<logs>/infomax/{variant}/pool.log",
    conda:
        "../../envs/structures.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=10,
    params:
        pool=lookup(within=config, dpath="pretraining/variants/{variant}/pool"),
        dataset_of_task={task: settings["dataset"] for task, settings in TASKS.items()},
        seed=config["seed"],
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
        encoder=ENCODER,
        history="<results>/infomax/{variant}/seed={seed}/history.parquet",
    log:
        "<logs>/infomax/{variant}/seed={seed}.log",
    benchmark:
        "<benchmarks>/infomax/{variant}/seed={seed}.tsv"
    wildcard_constraints:
        variant=any_of(TRAINED),
    priority: 1  # much waits for it
    conda:
        "../../envs/torch.yaml"
    # One thread: the outcome then does not depend on the number of cores. With more, only matrix
    # products are shared among them, and the outcome is equal only up to rounding.
    threads: 1
    resources:
        mem_mb=growing(6000),
        runtime=1440,
    params:
        variant=lookup(within=config, dpath="pretraining/variants/{variant}"),
        labels=sorted({task["label"] for task in TASKS.values()}),
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
    """Keep an encoder as it is initialised: what pre-training is compared with."""
    output:
        encoder=ENCODER,
    log:
        "<logs>/infomax/{variant}/seed={seed}.log",
    wildcard_constraints:
        variant=any_of(UNTRAINED),
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=10,
    params:
        variant=lookup(within=config, dpath="pretraining/variants/{variant}"),
        seed=config["seed"],
        code=digest("initialise.py"),
    script:
        "../scripts/initialise.py"


rule embed:
    """Embed the crystals of a dataset with a frozen encoder."""
    input:
        encoder=ENCODER,
        point_sets=rules.point_sets.output.shards,
    output:
        "<results>/embeddings/{dataset}/{variant}/seed={seed}.parquet",
    log:
        "<logs>/embeddings/{dataset}/{variant}/seed={seed}.log",
    benchmark:
        "<benchmarks>/embeddings/{dataset}/{variant}/seed={seed}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=120,
    params:
        accelerator=config["pretraining"]["accelerator"],
        code=digest("embed.py"),
    script:
        "../scripts/embed.py"
