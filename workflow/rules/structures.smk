"""Entries of all formats to crystal tables, and splits of a task's crystals.

In: raw data of a dataset. Out: structures/{dataset}.parquet, structures/{dataset}.rejected.parquet,
splits/{task}.parquet.
"""


rule structures:
    """Parse, check and deduplicate the entries of a dataset."""
    input:
        raw=raw_data,
    output:
        crystals="<results>/structures/{dataset}.parquet",
        rejected="<results>/structures/{dataset}.rejected.parquet",
    log:
        "<logs>/structures/{dataset}.log",
    benchmark:
        "<benchmarks>/structures/{dataset}.tsv"
    priority: 2  # all else waits for it, and small jobs would keep its cores
    conda:
        "../../envs/structures.yaml"
    threads: 8
    resources:
        mem_mb=growing(7000),
        runtime=240,
    params:
        source=source_of_dataset,
        specification=specification,
        fingerprint=fingerprint,
        dataset=lookup(within=config, dpath="datasets/{dataset}"),
        limits=config["structures"],
        seed=config["seed"],
        code=digest("structures.py"),
    script:
        "../scripts/structures.py"


rule split:
    """Split the crystals of a task that have a point set."""
    input:
        crystals=of_task(rules.structures.output.crystals),
        point_sets=of_task("<results>/point_sets/{dataset}"),
        folds=fold_file,
    output:
        "<results>/splits/{task}.parquet",
    log:
        "<logs>/splits/{task}.log",
    conda:
        "../../envs/structures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        split=lookup(within=config, dpath="tasks/{task}/split"),
        seed=config["seed"],
        code=digest("split.py"),
    script:
        "../scripts/split.py"
