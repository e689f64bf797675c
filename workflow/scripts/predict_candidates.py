import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.phase_field import final

    final.write_predictions(
        snakemake.input.fields,
        snakemake.input.candidates,
        snakemake.input.get("source") or None,
        snakemake.output[0],
        snakemake.params.model,
        snakemake.params.network,
        n_inner=snakemake.params.n_inner,
        transform=snakemake.params.transform,
        unit=snakemake.params.unit,
        seed=snakemake.params.seed,
        threads=snakemake.threads,
        provenance={
            "model": snakemake.params.model,
            "seed": snakemake.params.seed,
            "code": snakemake.params.code,
        },
    )
