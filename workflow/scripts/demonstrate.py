import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import tables
    from unlabelled.claims import demonstrations
    from unlabelled.point_set.shards import read_shards

    point_sets = [crystal for _, crystal in read_shards(snakemake.input)]
    tables.write(
        demonstrations.demonstrate(point_sets, seed=snakemake.params.seed),
        snakemake.output[0],
        demonstrations.SCHEMA,
        {"seed": snakemake.params.seed, "code": snakemake.params.code},
    )
