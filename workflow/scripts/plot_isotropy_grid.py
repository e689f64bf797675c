import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import tables
    from unlabelled.plots import isotropy_grid, style

    table = tables.read(snakemake.input[0])
    figure = isotropy_grid.heat_maps(
        table, measure=snakemake.params.measure, k=snakemake.params.n_clusters
    )
    style.save_with_table(figure, snakemake.input[0], snakemake.output)
