"""The page to read first.

In: claims.parquet, tables and figures of all strands, what was refused, times of all jobs.
Out: report/index.html.
"""


rule report_page:
    """Put scorecard, findings, figures and provenance onto one page."""
    input:
        claims=rules.judge_claims.output[0],
        summaries=collect(rules.compare_arms.output.summary, task=TASKS),
        measured=collect(rules.gather_isotropy.output, collection=GRIDS),
        metrics=rules.compare_models.output.metrics if FIELDS["properties"] else [],
        rejected=rejected_of_all,
        figures=pictures_of_report,
        captions=captions_of_report,
    output:
        report(
            "<results>/report/index.html",
            caption="../report/page.rst",
            category="Report",
            labels={"page": "scorecard and figures"},
        ),
    log:
        "<logs>/report/index.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=10,
    params:
        figures=described_figures,
        tasks={task: label_unit(task) for task in TASKS},
        methods=config["figures"]["methods"],
        collections=list(GRIDS),
        n_clusters=config["figures"]["isotropy_grid"]["n_clusters"],
        properties={name: unit_of(name) for name in FIELDS["properties"]},
        splits={name: HELD_OUT[split["by"]] for name, split in FIELDS["splits"].items()},
        sources={name: SOURCES[name] for name in SOURCES_USED},
        benchmarks={
            rule.name: str(rule.benchmark) for rule in workflow.rules if rule.benchmark
        },
        pages=PAGES,
        code=digest("report_page.py"),
    script:
        "../scripts/report_page.py"
