import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.label_masking import transfer_runs

    transfer_runs.supervise_run(
        crystals=snakemake.input.crystals,
        point_sets=snakemake.input.point_sets,
        splits=snakemake.input.splits,
        start=snakemake.input.encoder,
        encoder=snakemake.output[0],
        supervised_on=snakemake.params.supervised_on,
        label=snakemake.params.label,
        settings=snakemake.params.options,
        epochs=snakemake.params.epochs,
        seed=snakemake.params.seed,
        run_seed=int(snakemake.wildcards.seed),
        threads=snakemake.threads,
        code=snakemake.params.code,
    )
