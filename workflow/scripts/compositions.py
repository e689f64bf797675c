import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.composition import collection
    from unlabelled.sources import catalogue, registry

    specifications = snakemake.params.specifications
    labels = {
        label: unit
        for specification in specifications.values()
        for label, unit in catalogue.labels(specification).items()
    }
    if snakemake.input.crystals:
        collected = collection.of_crystals(snakemake.input.crystals, labels)
    else:
        sources = (
            (name, registry.compositions(name, specification, path))
            for (name, specification), path in zip(
                specifications.items(), snakemake.input.raw, strict=True
            )
        )
        collected = collection.of_formulas(sources, labels)
    collection.write(
        collected,
        labels,
        snakemake.output.compositions,
        snakemake.output.rejected,
        collection=snakemake.wildcards.collection,
        limit=snakemake.params.collection["limit"],
        seed=snakemake.params.seed,
        provenance={
            "sources": specifications,
            "collection": snakemake.params.collection,
            "seed": snakemake.params.seed,
            "code": snakemake.params.code,
        },
    )
