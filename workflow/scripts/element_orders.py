import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.phase_field import folds, orders, prediction

    fields = prediction.read(snakemake.input.fields)
    models = snakemake.params.models
    sources = zip(models.items(), snakemake.input.sources, strict=True)
    orders.write(
        {name: (settings, source) for (name, settings), source in sources},
        fields,
        folds.random_folds(fields.above, 5, 1, snakemake.params.seed)[0],
        snakemake.output[0],
        property_name=snakemake.wildcards.property,
        unit=snakemake.params.unit,
        network=snakemake.params.network,
        n_inner=snakemake.params.n_inner,
        transform=snakemake.params.transform,
        seed=snakemake.params.seed,
        threads=snakemake.threads,
        provenance={
            "models": models,
            "network": snakemake.params.network,
            "seed": snakemake.params.seed,
            "code": snakemake.params.code,
        },
    )
