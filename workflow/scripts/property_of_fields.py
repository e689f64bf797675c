import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.phase_field import property_table

    settings = snakemake.params.settings
    property_table.write(
        snakemake.input[0],
        settings["label"],
        snakemake.output.fields,
        snakemake.output.rejected,
        unit=snakemake.params.unit,
        threshold=settings["threshold"],
        inclusive=settings["inclusive"],
        limit=settings["limit"],
        seed=snakemake.params.seed,
        provenance={
            "settings": settings,
            "seed": snakemake.params.seed,
            "code": snakemake.params.code,
        },
    )
