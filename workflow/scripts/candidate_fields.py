import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.phase_field import accessible

    accessible.write_candidates(
        snakemake.input.reported,
        snakemake.input.vectors,
        snakemake.output[0],
        snakemake.params.settings,
        size=int(snakemake.wildcards.size),
        exclude=snakemake.params.exclude,
        seed=snakemake.params.seed,
        threads=snakemake.threads,
        provenance={
            "settings": snakemake.params.settings,
            "exclude": snakemake.params.exclude,
            "seed": snakemake.params.seed,
            "code": snakemake.params.code,
        },
    )
