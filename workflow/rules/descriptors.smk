"""Crystals to vectors without a network: what the encoders are compared with.

In: structures/{dataset}.parquet, for magpie_statistics the source magpie.
Out: descriptors/{dataset}/{descriptor}.parquet.
"""


rule describe:
    """Compute a descriptor of all crystals of a dataset."""
    input:
        crystals=rules.structures.output.crystals,
        elements=element_table,
    output:
        "<results>/descriptors/{dataset}/{descriptor}.parquet",
    log:
        "<logs>/descriptors/{dataset}/{descriptor}.log",
    benchmark:
        "<benchmarks>/descriptors/{dataset}/{descriptor}.tsv"
    wildcard_constraints:
        descriptor="[a-z_]+",
    conda:
        "../../envs/structures.yaml"
    threads: 8
    resources:
        mem_mb=growing(7000),
        runtime=240,
    params:
        seconds=config["structures"]["seconds_per_entry"],
        memory_mb=config["structures"]["memory_mb_per_entry"],
        code=digest("describe.py"),
    script:
        "../scripts/describe.py"
