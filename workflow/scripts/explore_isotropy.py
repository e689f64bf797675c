import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    import pandas as pd

    from unlabelled import pages, tables
    from unlabelled.explorer import isotropy

    of_collection = {
        name: tables.read(path, ["formula_reduced"])["formula_reduced"].tolist()
        for name, path in zip(
            snakemake.params.collections, snakemake.input.compositions, strict=True
        )
    }
    clusters = {name: [] for name in of_collection}
    for (collection, representation, kernel), path in zip(
        snakemake.params.clusterings, snakemake.input.clusterings, strict=True
    ):
        found = isotropy.clusters_of(tables.read(path), of_collection[collection])
        clusters[collection].append(found.assign(representation=representation, kernel=kernel))
    grids = [
        isotropy.Grid(name, tables.read(path), pd.concat(clusters[name]))
        for name, path in zip(clusters, snakemake.input.measures, strict=True)
    ]
    page = isotropy.page(grids, scale=snakemake.params.scale, pages_made=snakemake.params.pages)
    pages.save(page, snakemake.output[0])
