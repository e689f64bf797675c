import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import tables
    from unlabelled.plots import phase_models, style

    figure = phase_models.models(
        tables.read(snakemake.input.table),
        kinds=snakemake.params.kinds,
        splits=snakemake.params.splits,
        units=snakemake.params.units,
    )
    style.save_with_table(figure, snakemake.input.table, snakemake.output)
