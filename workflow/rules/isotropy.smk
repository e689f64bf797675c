"""Shape of clusters: of collections under every kernel, and of random clouds.

In: representations, clusterings. Out: isotropy/{collection}/{representation}/{kernel}.parquet,
isotropy/{collection}.parquet, isotropy/clouds.parquet.
"""


rule measure_clusters:
    """Measure all clusterings of a representation under a kernel."""
    input:
        features=rules.cluster.input[0],
        clusterings=rules.cluster.output[0],
        plain=clusterings_without_kernel,
    output:
        "<results>/isotropy/{collection}/{representation}/{kernel}.parquet",
    log:
        "<logs>/isotropy/{collection}/{representation}/{kernel}.log",
    benchmark:
        "<benchmarks>/isotropy/{collection}/{representation}/{kernel}.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(6000),
        runtime=60,
    params:
        kernel=lookup(within=config, dpath="clustering/kernels/{kernel}"),
        seeds=config["clustering"]["seeds"],
        measures=config["isotropy"]["measures"],
        bootstrap=config["isotropy"]["bootstrap"],
        seed=config["seed"],
        code=digest("measure_clusters.py"),
    script:
        "../scripts/measure_clusters.py"


rule gather_isotropy:
    """Put the measures of a collection into one table."""
    input:
        measured_of_collection,
    output:
        "<results>/isotropy/{collection}.parquet",
    log:
        "<logs>/isotropy/{collection}.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=10,
    params:
        code=digest("gather_isotropy.py"),
    script:
        "../scripts/gather_isotropy.py"


rule measure_clouds:
    """Measure random clusters of known shapes."""
    output:
        "<results>/isotropy/clouds/{n}x{d}.parquet",
    log:
        "<logs>/isotropy/clouds/{n}x{d}.log",
    wildcard_constraints:
        n=r"\d+",
        d=r"\d+",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=60,
    params:
        measures=config["isotropy"]["clouds"]["measures"],
        draws=config["isotropy"]["clouds"]["draws"],
        seed=config["seed"],
        code=digest("measure_clouds.py"),
    script:
        "../scripts/measure_clouds.py"
