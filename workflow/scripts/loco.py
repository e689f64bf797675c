import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from threadpoolctl import threadpool_limits

    from unlabelled import tables
    from unlabelled.clustering import loco
    from unlabelled.files import sha256

    params = snakemake.params
    with threadpool_limits(snakemake.threads):
        features, targets = loco.labelled(
            snakemake.input.compositions,
            snakemake.input.features,
            params.task,
            params.projection,
            seed=params.seed,
        )
        folds = loco.cross_validate(
            features,
            targets,
            kind=params.task["kind"],
            kernels=params.kernels,
            n_clusters=params.n_clusters,
            seeds=params.seeds,
            seed=params.seed,
            threads=snakemake.threads,
        )
    names = {name: snakemake.wildcards[name] for name in ("property", "representation")}
    provenance = {
        "inputs_sha256": [sha256(path) for path in snakemake.input],
        "task": params.task,
        "projection": params.projection,
        "seed": params.seed,
        "code": params.code,
    }
    tables.write(folds.assign(**names), snakemake.output[0], loco.FOLDS, provenance)
