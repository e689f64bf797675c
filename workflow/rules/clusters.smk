"""Clusters of representations, and models that are tested on clusters they have not seen.

In: representations/{collection}/{style}.parquet, embeddings, compositions.
Out: representations/{collection}/{variant}/seed={seed}.parquet,
clusterings/{collection}/{representation}/{kernel}.parquet, loco/{property}/{representation}.parquet,
loco/{folds,summary}.parquet.
"""


rule represent_by_encoder:
    """Take the embeddings of a collection's crystals as a representation."""
    input:
        compositions=rules.compositions.output.compositions,
        embeddings=embeddings_of_collection,
    output:
        "<results>/representations/{collection}/{variant}/seed={seed}.parquet",
    log:
        "<logs>/representations/{collection}/{variant}/seed={seed}.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        code=digest("represent_by_encoder.py"),
    script:
        "../scripts/represent_by_encoder.py"


rule cluster:
    """Cluster a representation under a kernel: every number of clusters, all seeds."""
    input:
        "<results>/representations/{collection}/{representation}.parquet",
    output:
        "<results>/clusterings/{collection}/{representation}/{kernel}.parquet",
    log:
        "<logs>/clusterings/{collection}/{representation}/{kernel}.log",
    benchmark:
        "<benchmarks>/clusterings/{collection}/{representation}/{kernel}.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=60,
    params:
        kernel=lookup(within=config, dpath="clustering/kernels/{kernel}"),
        n_clusters=config["clustering"]["n_clusters"],
        seeds=config["clustering"]["seeds"],
        seed=config["seed"],
        code=digest("cluster.py"),
    script:
        "../scripts/cluster.py"


rule loco:
    """Hold out clusters, and parts of random partitions, of one property and representation."""
    input:
        features=features_of_loco,
        compositions=compositions_of_loco,
    output:
        "<results>/loco/{property}/{representation}.parquet",
    log:
        "<logs>/loco/{property}/{representation}.log",
    benchmark:
        "<benchmarks>/loco/{property}/{representation}.tsv"
    wildcard_constraints:
        property=any_of(LOCO["properties"]),
        representation=any_of([*LOCO["representations"], *LOCO["projections"]]),
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=240,
    params:
        task=lookup(within=config, dpath="loco/properties/{property}"),
        projection=lambda wildcards: LOCO["projections"].get(wildcards.representation),
        kernels={name: KERNELS[name] for name in LOCO["kernels"]},
        n_clusters=LOCO["n_clusters"],
        seeds=LOCO["seeds"],
        seed=config["seed"],
        code=digest("loco.py"),
    script:
        "../scripts/loco.py"


rule summarise_loco:
    """Put all held-out folds into one table, and average them."""
    input:
        collect(
            rules.loco.output,
            property=LOCO["properties"],
            representation=[*LOCO["representations"], *LOCO["projections"]],
        ),
    output:
        folds="<results>/loco/folds.parquet",
        summary="<results>/loco/summary.parquet",
    log:
        "<logs>/loco/summarise.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=10,
    params:
        code=digest("summarise_loco.py"),
    script:
        "../scripts/summarise_loco.py"
