import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.phase_field import vector_tables

    vector_tables.write(
        snakemake.params.settings,
        snakemake.input,
        snakemake.output[0],
        snakemake.params.seed,
        {
            "settings": snakemake.params.settings,
            "seed": snakemake.params.seed,
            "code": snakemake.params.code,
        },
    )
