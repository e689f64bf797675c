"""Few labels on frozen representations, and what pre-training changes.

In: embeddings, descriptors, splits, crystal tables. Out:
label_masking/{task}/{arm}/n={n_labels}.parquet,
label_masking/{task}/{results,summary,paired,standing}.parquet, embedding_map/{task}.parquet.
"""


rule label_masking:
    """Train and test every head on every draw of one number of labels."""
    input:
        embeddings=embeddings_of_arm,
        descriptors=descriptors_of_arm,
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
        mem_mb=growing(2000),
        runtime=240,
    params:
        label=lookup(within=config, dpath="tasks/{task}/label"),
        seeds=seeds_of_arm,
        arm=lookup(within=config, dpath="label_masking/representations/{arm}"),
        draws=config["label_masking"]["draws"],
        seed=config["seed"],
        code=digest("label_masking.py"),
    script:
        "../scripts/label_masking.py"


rule compare_arms:
    """Put the arms side by side, and pair them on the same label subsets."""
    input:
        results=fits_of_task,
        pools=collect("<results>/infomax/{variant}/pool.parquet", variant=TRAINED),
    output:
        results="<results>/label_masking/{task}/results.parquet",
        summary="<results>/label_masking/{task}/summary.parquet",
        paired="<results>/label_masking/{task}/paired.parquet",
        standing="<results>/label_masking/{task}/standing.parquet",
    log:
        "<logs>/label_masking/{task}/compare_arms.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        variants=TRAINED,
        pre_trained_on=arms_of_task,
        comparisons=lambda wildcards: comparisons_of_task(wildcards.task),
        method=config["label_masking"]["standing"],
        seed=config["seed"],
        code=digest("compare_arms.py"),
    script:
        "../scripts/compare_arms.py"


rule embedding_map:
    """Map representations, the first seed of each, by t-SNE."""
    input:
        embeddings=embeddings_to_map,
        crystals=of_task(rules.structures.output.crystals),
    output:
        "<results>/embedding_map/{task}.parquet",
    log:
        "<logs>/embedding_map/{task}.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=60,
    params:
        label=lookup(within=config, dpath="tasks/{task}/label"),
        settings=config["embedding_map"],
        seed=config["seed"],
        code=digest("embedding_map.py"),
    script:
        "../scripts/embedding_map.py"
