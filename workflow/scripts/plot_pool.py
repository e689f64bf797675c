import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import tables
    from unlabelled.label_masking.schema import SUMMARY
    from unlabelled.plots import pool_curve, style

    table = tables.read(snakemake.input.table)
    frozen = table["head"] != "fine_tuning"
    table = table[table["arm"].isin(snakemake.params.arms) & frozen]
    figure = pool_curve.pool_curve(
        table, quantity=snakemake.params.label, unit=snakemake.params.unit
    )
    tables.write(table, snakemake.output.table, SUMMARY, {"code": snakemake.params.code})
    style.save(figure, [snakemake.output.pdf, snakemake.output.svg, snakemake.output.png])
