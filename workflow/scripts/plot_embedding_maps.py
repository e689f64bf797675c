import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    import pandas as pd

    from unlabelled import tables
    from unlabelled.label_masking.schema import EMBEDDING_MAP
    from unlabelled.plots import embedding_maps, style

    table = pd.concat([tables.read(path) for path in snakemake.input.tables])
    figure = embedding_maps.embedding_maps(table, units=snakemake.params.units)
    tables.write(table, snakemake.output.table, EMBEDDING_MAP, {"code": snakemake.params.code})
    style.save(figure, [snakemake.output.pdf, snakemake.output.svg, snakemake.output.png])
