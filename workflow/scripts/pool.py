import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import tables
    from unlabelled.infomax import pool
    from unlabelled.point_set.shards import identifiers

    datasets = {}
    for name, path, folder in zip(
        snakemake.params.datasets, snakemake.input.crystals, snakemake.input.point_sets, strict=True
    ):
        crystals = tables.read(path, ["material_id", "formula_reduced"])
        datasets[name] = crystals[crystals.material_id.isin(identifiers(folder))]
    transductive = snakemake.params.transductive
    chosen = pool.pool(
        datasets,
        tables.read(snakemake.input.split[0]),
        snakemake.params.dataset,
        transductive=transductive,
    )
    provenance = {"transductive": transductive, "code": snakemake.params.code}
    tables.write(chosen, snakemake.output[0], pool.SCHEMA, provenance)
