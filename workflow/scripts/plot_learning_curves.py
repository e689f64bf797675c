import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import tables
    from unlabelled.label_masking.schema import RESULTS
    from unlabelled.plots import learning_curves, style

    table = style.of_methods(tables.read(snakemake.input.table), snakemake.params.methods)
    figure = learning_curves.learning_curves(
        table,
        quantity=snakemake.params.label,
        unit=snakemake.params.unit,
        highlight=snakemake.params.highlight,
        baselines=snakemake.params.baselines,
    )
    tables.write(table, snakemake.output.table, RESULTS, {"code": snakemake.params.code})
    style.save(figure, [snakemake.output.pdf, snakemake.output.svg, snakemake.output.png])
