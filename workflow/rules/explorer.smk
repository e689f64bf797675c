"""Pages to explore results with: each is one file that opens without a network.

In: rankings of candidates, maps of embeddings and crystal tables, isotropy and clusterings.
Out: report/{candidates,crystals,isotropy}.html.
"""

PAGES = [  # that the study has something for
    name
    for name, shown in (
        ("index", True),
        ("candidates", FIELDS["properties"]),
        ("crystals", TASKS and config["embedding_map"]["representations"]),
        ("isotropy", GRIDS),
    )
    if shown
]
RANKINGS = [  # property, size and table of all rankings of candidates
    (of, size, collect(rules.rank_candidates.output, property=of, size=size)[0])
    for of in FIELDS["properties"]
    for size in FIELDS["candidates"]["sizes"]
]
CLUSTERINGS = [  # collection, representation, kernel and table of all clusterings that are measured
    (
        collection,
        representation,
        kernel,
        collect(
            rules.cluster.output,
            collection=collection,
            representation=representation,
            kernel=kernel,
        )[0],
    )
    for collection in GRIDS
    for representation in names_of_representations(collection)
    for kernel in KERNELS
]


rule explore_candidates:
    """Candidates of all properties and sizes, with the periodic table as a filter."""
    input:
        [path for *_, path in RANKINGS],
    output:
        report(
            "<results>/report/candidates.html",
            caption="../report/candidates.rst",
            category="Explorer",
            labels={"page": "candidates"},
        ),
    log:
        "<logs>/report/candidates.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        rankings=[(of, unit_of(of), size) for of, size, _ in RANKINGS],
        thresholds={
            of: settings["threshold"] for of, settings in FIELDS["properties"].items()
        },
        scale=config["scale"],
        pages=PAGES,
        code=digest("explore_candidates.py"),
    script:
        "../scripts/explore_candidates.py"


rule explore_crystals:
    """Maps of the crystals of all tasks, coloured by what is known of them."""
    input:
        maps=collect(rules.embedding_map.output, task=TASKS),
        crystals=[
            collect(rules.structures.output.crystals, dataset=task["dataset"])[0]
            for task in TASKS.values()
        ],
    output:
        report(
            "<results>/report/crystals.html",
            caption="../report/crystals.rst",
            category="Explorer",
            labels={"page": "crystals"},
        ),
    log:
        "<logs>/report/crystals.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=10,
    params:
        tasks={
            name: {"dataset": task["dataset"], "labels": labels_of_task(name)}
            for name, task in TASKS.items()
        },
        scale=config["scale"],
        pages=PAGES,
        code=digest("explore_crystals.py"),
    script:
        "../scripts/explore_crystals.py"


rule explore_isotropy:
    """Measures of the clusters of all collections, and what is in the clusters."""
    input:
        measures=collect(rules.gather_isotropy.output, collection=GRIDS),
        compositions=collect(rules.compositions.output.compositions, collection=GRIDS),
        clusterings=[path for *_, path in CLUSTERINGS],
    output:
        report(
            "<results>/report/isotropy.html",
            caption="../report/isotropy.rst",
            category="Explorer",
            labels={"page": "isotropy"},
        ),
    log:
        "<logs>/report/isotropy.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=60,
    params:
        collections=list(GRIDS),
        clusterings=[names for *names, _ in CLUSTERINGS],
        scale=config["scale"],
        pages=PAGES,
        code=digest("explore_isotropy.py"),
    script:
        "../scripts/explore_isotropy.py"
