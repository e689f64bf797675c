"""Isotropy of learnt embeddings of handwritten digits.

In: the source of digits. Out: isotropy/digits/{network}/size={size}/seed={seed}.parquet,
isotropy/digits.parquet, figures/isotropy/digits.{pdf,svg,png,parquet}.
"""

NETWORKS = ["autoencoder", "classifier"]


rule digits:
    """Train one network, and measure its embeddings along the way."""
    input:
        raw_digits,
    output:
        "<results>/isotropy/digits/{network}/size={size}/seed={seed}.parquet",
    log:
        "<logs>/isotropy/digits/{network}/size={size}/seed={seed}.log",
    benchmark:
        "<benchmarks>/isotropy/digits/{network}/size={size}/seed={seed}.tsv"
    wildcard_constraints:
        network=any_of(NETWORKS),
        size=r"\d+",
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=60,
    params:
        source=DIGITS.get("source"),
        options={
            key: DIGITS.get(key)
            for key in (
                "held_out",
                "epochs",
                "learning_rate",
                "digits_per_batch",
                "measures",
            )
        },
        seed=config["seed"],
        code=digest("digits.py"),
    script:
        "../scripts/digits.py"


rule gather_digits:
    """Put the networks of all kinds, sizes and seeds into one table."""
    input:
        collect(
            rules.digits.output,
            network=NETWORKS,
            size=DIGITS.get("sizes", []),
            seed=DIGITS.get("seeds", []),
        ),
    output:
        "<results>/isotropy/digits.parquet",
    log:
        "<logs>/isotropy/gather_digits.log",
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=10,
    params:
        code=digest("gather_digits.py"),
    script:
        "../scripts/gather_digits.py"


rule plot_digits:
    """Isotropy of the classes against the size of the embedding, and against the epoch."""
    input:
        table=rules.gather_digits.output[0],
    output:
        table="<results>/figures/isotropy/digits.parquet",
        pdf="<results>/figures/isotropy/digits.pdf",
        svg="<results>/figures/isotropy/digits.svg",
        png=report(
            "<results>/figures/isotropy/digits.png",
            caption="../report/digits.rst",
            category="Isotropy",
            labels={"figure": "embeddings of digits"},
        ),
    log:
        "<logs>/figures/isotropy/digits.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        code=digest("plot_digits.py"),
    script:
        "../scripts/plot_digits.py"
