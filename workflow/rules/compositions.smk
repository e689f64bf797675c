"""Formulas and crystals to compositions, and compositions to vectors.

In: raw data of a collection's sources, or structures/{dataset}.parquet.
Out: compositions/{collection}.parquet, compositions/{collection}.rejected.parquet,
representations/{collection}/{style}.parquet, representations/{collection}/{style}.rejected.parquet.
"""


rule compositions:
    """Parse the formulas of a collection and merge equal compositions."""
    input:
        raw=raw_data_of_collection,
        crystals=crystals_of_collection,
    output:
        compositions="<results>/compositions/{collection}.parquet",
        rejected="<results>/compositions/{collection}.rejected.parquet",
    log:
        "<logs>/compositions/{collection}.log",
    benchmark:
        "<benchmarks>/compositions/{collection}.tsv"
    conda:
        "../../envs/structures.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=60,
    params:
        collection=lookup(within=config, dpath="collections/{collection}"),
        specifications=specifications_of_collection,
        fingerprints=fingerprints_of_collection,
        seed=config["seed"],
        code=digest("compositions.py"),
    script:
        "../scripts/compositions.py"


rule represent:
    """Compute a representation of all compositions of a collection."""
    input:
        compositions=rules.compositions.output.compositions,
        elements=element_table_of_style,
    output:
        features="<results>/representations/{collection}/{style}.parquet",
        rejected="<results>/representations/{collection}/{style}.rejected.parquet",
    log:
        "<logs>/representations/{collection}/{style}.log",
    benchmark:
        "<benchmarks>/representations/{collection}/{style}.tsv"
    conda:
        "../../envs/structures.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=60,
    params:
        style=lookup(within=config, dpath="composition_representations/{style}"),
        code=digest("represent.py"),
    script:
        "../scripts/represent.py"
