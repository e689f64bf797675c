"""Few labels on frozen embeddings, and what pre-training changes.

In: embeddings, splits, crystal tables. Out: label_masking/{task}/{arm}/n={n_labels}.parquet,
label_masking/{task}/{results,summary,paired}.parquet, embedding_map/{task}.parquet.
"""


rule label_masking:
    """Train and test every head on every draw of one number of labels."""
    input:
        embeddings=embeddings_of_arm,
        split=rules.split.output,
        crystals=of_task(rules.structures.output.crystals),
    output:
        "<results>/label_masking/{task}/{arm}/n={n_labels}.parquet",
    log:
        "<logs>/label_masking/{task}/{arm}/n={n_labels}.log",
    benchmark:
        "<benchmarks>/label_masking/{task}/{arm}/n={n_labels}.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        label=lookup(within=config, dpath="tasks/{task}/label"),
        seeds=lookup(within=SEEDS, dpath="{arm}"),
        draws=config["label_masking"]["draws"],
        heads=config["label_masking"]["heads"],
        seed=config["seed"],
        code=digest("label_masking.py"),
    script:
        "../scripts/label_masking.py"


rule compare_arms:
    """Put the arms side by side, and pair them on the same label subsets."""
    input:
        collect(
            rules.label_masking.output,
            arm=ARMS,
            n_labels=config["label_masking"]["n_labels"],
            allow_missing=True,
        ),
    output:
        results="<results>/label_masking/{task}/results.parquet",
        summary="<results>/label_masking/{task}/summary.parquet",
        paired="<results>/label_masking/{task}/paired.parquet",
    log:
        "<logs>/label_masking/{task}/compare_arms.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        comparisons=study.comparisons(ARMS),
        seed=config["seed"],
        code=digest("compare_arms.py"),
    script:
        "../scripts/compare_arms.py"


rule embedding_map:
    """Map the embeddings of every arm, first seed, by t-SNE."""
    input:
        embeddings=collect(
            rules.embed.output,
            zip,
            arm=SEEDS,
            seed=[seeds[0] for seeds in SEEDS.values()],
            allow_missing=True,
        ),
        crystals=of_task(rules.structures.output.crystals),
    output:
        "<results>/embedding_map/{task}.parquet",
    log:
        "<logs>/embedding_map/{task}.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        arms=ARMS,
        label=lookup(within=config, dpath="tasks/{task}/label"),
        settings=config["embedding_map"],
        seed=config["seed"],
        code=digest("embedding_map.py"),
    script:
        "../scripts/embedding_map.py"
