import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    import pyarrow as pa
    from pyarrow import parquet

    from unlabelled import tables
    from unlabelled.plots import phase_convergence, style

    table = pa.concat_tables(map(parquet.read_table, snakemake.input))
    figure = phase_convergence.convergence(table.to_pandas())
    tables.write(table, snakemake.output.table, table.schema, {"code": snakemake.params.code})
    style.save(figure, [snakemake.output.pdf, snakemake.output.svg, snakemake.output.png])
