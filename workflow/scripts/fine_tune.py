import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.label_masking import transfer_runs

    transfer_runs.fine_tune_run(
        encoders=snakemake.input.encoders,
        crystals=snakemake.input.crystals,
        point_sets=snakemake.input.point_sets,
        split=snakemake.input.split[0],
        results=snakemake.output[0],
        task=snakemake.wildcards.task,
        label=snakemake.params.label,
        start=snakemake.wildcards.start,
        arm_seeds=snakemake.params.seeds,
        n_labels=int(snakemake.wildcards.n_labels),
        draws=snakemake.params.draws,
        settings=snakemake.params.options,
        seed=snakemake.params.seed,
        threads=snakemake.threads,
        code=snakemake.params.code,
    )
