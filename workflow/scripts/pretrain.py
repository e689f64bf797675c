import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.infomax import runs

    runs.pretrain_run(
        pool=snakemake.input.pool[0],
        datasets=snakemake.params.variant["pool"]["datasets"],
        crystals=snakemake.input.crystals,
        point_sets=snakemake.input.point_sets,
        encoder=snakemake.output.encoder,
        history=snakemake.output.history,
        variant_name=snakemake.wildcards.variant,
        settings=snakemake.params.variant,
        training=snakemake.params.training,
        labels=snakemake.params.labels,
        seed=snakemake.params.seed,
        run_seed=int(snakemake.wildcards.seed),
        threads=snakemake.threads,
        code=snakemake.params.code,
    )
