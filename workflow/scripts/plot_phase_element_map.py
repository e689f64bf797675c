import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import tables
    from unlabelled.plots import phase_element_map, style

    figure = phase_element_map.element_map(
        tables.read(snakemake.input.table), method=snakemake.params.method
    )
    style.save_with_table(figure, snakemake.input.table, snakemake.output)
