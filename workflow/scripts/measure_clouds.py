import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from threadpoolctl import threadpool_limits

    from unlabelled import tables
    from unlabelled.isotropy.clouds import COLUMNS, measure_clouds

    params, wildcards = snakemake.params, snakemake.wildcards
    with threadpool_limits(snakemake.threads):
        table = measure_clouds(
            int(wildcards.n), int(wildcards.d), params.measures, params.draws, seed=params.seed
        )
    tables.write(table, snakemake.output[0], COLUMNS, {"seed": params.seed, "code": params.code})
