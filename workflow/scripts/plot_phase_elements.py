import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import tables
    from unlabelled.plots import phase_elements, style

    figure = phase_elements.elements(
        tables.read(snakemake.input.table), quantity=snakemake.wildcards.property
    )
    style.save_with_table(figure, snakemake.input.table, snakemake.output)
