import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.composition import collection, gathering

    specifications = snakemake.params.specifications
    labels = gathering.labels(specifications)
    if snakemake.input.crystals:
        collected = collection.of_crystals(snakemake.input.crystals, labels)
    else:
        collected = gathering.of_sources(specifications, snakemake.input.raw)
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
