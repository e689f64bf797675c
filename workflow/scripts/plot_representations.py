import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    import pandas as pd

    from unlabelled import tables
    from unlabelled.label_masking.schema import RESULTS
    from unlabelled.plots import boxes, style

    results = pd.concat([tables.read(path) for path in snakemake.input.tables])
    table = style.of_methods(results, snakemake.params.methods)
    figure = boxes.representation_boxes(table, units=snakemake.params.units)
    tables.write(table, snakemake.output.table, RESULTS, {"code": snakemake.params.code})
    style.save(figure, [snakemake.output.pdf, snakemake.output.svg, snakemake.output.png])
