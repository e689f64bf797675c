import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    import pandas as pd

    from unlabelled import tables
    from unlabelled.isotropy.clouds import COLUMNS
    from unlabelled.plots import clouds, style

    table = pd.concat([tables.read(path) for path in snakemake.input], ignore_index=True)
    figure = clouds.clouds(table, measures=snakemake.params.measures)
    tables.write(table, snakemake.output.table, COLUMNS, {"code": snakemake.params.code})
    style.save(figure, [snakemake.output.pdf, snakemake.output.svg, snakemake.output.png])
