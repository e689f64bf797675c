import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import pages, tables
    from unlabelled.explorer import crystals

    maps = [
        crystals.Maps(
            task,
            of["dataset"],
            tables.read(table),
            tables.read(path, [*crystals.NEEDED, *of["labels"]]),
            of["labels"],
        )
        for (task, of), table, path in zip(
            snakemake.params.tasks.items(),
            snakemake.input.maps,
            snakemake.input.crystals,
            strict=True,
        )
    ]
    page = crystals.page(maps, scale=snakemake.params.scale, pages_made=snakemake.params.pages)
    pages.save(page, snakemake.output[0])
