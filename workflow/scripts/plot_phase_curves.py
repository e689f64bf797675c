import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import tables
    from unlabelled.plots import phase_curves, style

    predictions = {name: tables.read(path) for name, path in snakemake.input.items()}
    table = phase_curves.gather(predictions)
    figure = phase_curves.curves(
        table, kinds=snakemake.params.kinds, quantity=snakemake.wildcards.property
    )
    provenance = {"code": snakemake.params.code}
    tables.write(table, snakemake.output.table, phase_curves.SCHEMA, provenance)
    style.save(figure, [snakemake.output.pdf, snakemake.output.svg, snakemake.output.png])
