import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.phase_field import property_table

    collections = dict(zip(snakemake.params.collections, snakemake.input, strict=True))
    property_table.write_reported(collections, snakemake.output[0], {"code": snakemake.params.code})
