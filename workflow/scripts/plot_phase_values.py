import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import tables
    from unlabelled.phase_field import prediction
    from unlabelled.plots import phase_values, style

    params = snakemake.params
    table = tables.read(snakemake.input.table).query("part == 'test'")
    figure = phase_values.values(
        table, quantity=snakemake.wildcards.property, unit=params.unit, transform=params.transform
    )
    provenance = {"code": params.code}
    tables.write(table, snakemake.output.table, prediction.schema(params.unit), provenance)
    style.save(figure, [snakemake.output.pdf, snakemake.output.svg, snakemake.output.png])
