import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import pages, tables
    from unlabelled.explorer import candidates

    rankings = [
        candidates.Ranking(
            quantity, unit, size, snakemake.params.thresholds[quantity], tables.read(path)
        )
        for (quantity, unit, size), path in zip(
            snakemake.params.rankings, snakemake.input, strict=True
        )
    ]
    page = candidates.page(
        rankings, scale=snakemake.params.scale, pages_made=snakemake.params.pages
    )
    pages.save(page, snakemake.output[0])
