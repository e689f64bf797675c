"""The scorecard: what of the studies holds, decided by the tables of this one.

In: resources/claims.yaml and the tables that it names, if the study makes them.
Out: demonstrations.parquet, claims.parquet.
"""


rule demonstrate:
    """Show faults of released code that no other table shows."""
    input:
        collect(rules.point_sets.output.shards, dataset=DATASETS),
    output:
        "<results>/demonstrations.parquet",
    log:
        "<logs>/demonstrations.log",
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        seed=config["seed"],
        code=digest("demonstrate.py"),
    script:
        "../scripts/demonstrate.py"


rule judge_claims:
    """Decide every claim, if this study can."""
    input:
        claims=workflow.source_path("../../resources/claims.yaml"),
        schema=workflow.source_path("../schemas/claims.schema.yaml"),
        tables=tables_of_study,
    output:
        "<results>/claims.parquet",
    log:
        "<logs>/claims.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=10,
    params:
        sources=SOURCES_USED,
        conclusive=config["conclusive"],
        code=digest("judge_claims.py"),
    script:
        "../scripts/judge_claims.py"
