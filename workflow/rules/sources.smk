"""Raw sources, fetched and verified.

Out: resources/raw/{source}/{file}. One's own data (folder, zip, ICSD export) are read where they are.
"""


rule fetch:
    """Fetch one raw file; it must have the pinned SHA-256."""
    output:
        ensure("<resources>/raw/{source}/{file}", non_empty=True),
    log:
        "<logs>/fetch/{source}/{file}.log",
    localrule: True
    conda:
        "../../envs/sources.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=60,
    params:
        specification=specification,
        code=digest("fetch.py"),
    script:
        "../scripts/fetch.py"
