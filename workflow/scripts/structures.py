import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from functools import partial

    from unlabelled.sources import catalogue, registry
    from unlabelled.structures.build import build

    source, specification = snakemake.params.source, snakemake.params.specification
    dataset, limits = snakemake.params.dataset, snakemake.params.limits
    build(
        partial(registry.entries, source, specification, snakemake.input.raw),
        source,
        catalogue.labels(specification),
        snakemake.output.crystals,
        snakemake.output.rejected,
        required_label=dataset["required_label"],
        duplicates=dataset["drop_duplicates"],
        processes=snakemake.threads,
        limit=dataset["limit"],
        seed=snakemake.params.seed,
        **limits,
        provenance={
            "source": specification,
            "dataset": dataset,
            "limits": limits,
            "seed": snakemake.params.seed,
            "code": snakemake.params.code,
        },
    )
