import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.phase_field import final

    final.write_ensemble(
        snakemake.input.fields,
        snakemake.input.vectors,
        snakemake.output[0],
        snakemake.params.network,
        members=snakemake.params.members,
        n_inner=snakemake.params.n_inner,
        transform=snakemake.params.transform,
        seed=snakemake.params.seed,
        threads=snakemake.threads,
        provenance={
            "network": snakemake.params.network,
            "seed": snakemake.params.seed,
            "code": snakemake.params.code,
        },
    )
