import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import tables
    from unlabelled.plots import loco, style

    figure = loco.loco(tables.read(snakemake.input.summary), scores=snakemake.params.scores)
    style.save_with_table(figure, snakemake.input.summary, snakemake.output)
