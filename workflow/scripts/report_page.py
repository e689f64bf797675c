import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import pages, tables
    from unlabelled.report import page, provenance
    from unlabelled.report.figures import figure

    files, params, config = snakemake.input, snakemake.params, snakemake.config
    figures = {strand: [] for strand in ("infomax", "isotropy", "phase_fields")}
    for described, png, caption in zip(params.figures, files.figures, files.captions, strict=True):
        figures[described["strand"]].append(figure(png, caption, config, described["wildcards"]))
    summaries = dict(zip(params.tasks, map(tables.read, files.summaries), strict=True))
    measured = dict(zip(params.collections, map(tables.read, files.measured), strict=True))
    strands = []
    if figures["infomax"]:
        strands.append(page.infomax(summaries, params.tasks, params.methods, figures["infomax"]))
    strands.append(page.isotropy(measured, params.n_clusters, figures["isotropy"]))
    if params.properties:
        metrics = tables.read(files.metrics)
        strands.append(
            page.phase_fields(metrics, params.properties, params.splits, figures["phase_fields"])
        )
    html = page.page(
        tables.read(files.claims),
        strands,
        provenance.of_study(
            params.sources,
            files.rejected,
            config["seed"],
            Path(snakemake.output[0]).parents[1],
            params.benchmarks,
        ),
        conclusive=config["conclusive"],
        scale=config["scale"],
        pages_made=params.pages,
    )
    pages.save(html, snakemake.output[0])
