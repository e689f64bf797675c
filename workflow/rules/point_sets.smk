"""Crystal tables to point sets, the form in which the encoder sees crystals.

In: structures/{dataset}.parquet. Out: point_sets/{dataset}/part-*.arrow,
point_sets/{dataset}.rejected.parquet, outcomes.parquet.
"""


rule point_sets:
    """Build supercells and distances of all crystals of a dataset."""
    input:
        crystals=rules.structures.output.crystals,
    output:
        shards=directory("<results>/point_sets/{dataset}"),
        rejected="<results>/point_sets/{dataset}.rejected.parquet",
    log:
        "<logs>/point_sets/{dataset}.log",
    benchmark:
        "<benchmarks>/point_sets/{dataset}.tsv"
    priority: 2  # as structures
    conda:
        "../../envs/structures.yaml"
    threads: 8
    resources:
        mem_mb=growing(7000),
        runtime=240,
    params:
        source=source_of_dataset,
        limits=config["point_sets"],
        seconds=config["structures"]["seconds_per_entry"],
        memory_mb=config["structures"]["memory_mb_per_entry"],
        code=digest("point_sets.py"),
    script:
        "../scripts/point_sets.py"


rule outcomes:
    """Count what became of the entries of every dataset."""
    input:
        point_sets=collect(rules.point_sets.output.shards, dataset=DATASETS),
        rejected=collect(
            [rules.structures.output.rejected, rules.point_sets.output.rejected],
            dataset=DATASETS,
        ),
    output:
        "<results>/outcomes.parquet",
    log:
        "<logs>/outcomes.log",
    conda:
        "../../envs/structures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        sources=[config["datasets"][dataset]["source"] for dataset in DATASETS],
        code=digest("outcomes.py"),
    script:
        "../scripts/outcomes.py"
