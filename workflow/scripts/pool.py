import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import tables
    from unlabelled.infomax import pool
    from unlabelled.point_set.shards import identifiers

    settings, seed = snakemake.params.pool, snakemake.params.seed
    datasets = {}
    for name, path, folder in zip(
        settings["datasets"], snakemake.input.crystals, snakemake.input.point_sets, strict=True
    ):
        crystals = tables.read(path, ["material_id", "formula_reduced"])
        datasets[name] = crystals[crystals.material_id.isin(identifiers(folder))]
    tasks = {
        task: pool.TaskSplit(dataset, tables.read(path))
        for (task, dataset), path in zip(
            snakemake.params.dataset_of_task.items(), snakemake.input.splits, strict=True
        )
    }
    chosen = pool.pool(
        datasets,
        tasks,
        transductive=settings["transductive"],
        fraction=settings["fraction"],
        seed=seed,
    )
    provenance = {"pool": settings, "seed": seed, "code": snakemake.params.code}
    tables.write(chosen, snakemake.output[0], pool.SCHEMA, provenance)
