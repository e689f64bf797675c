import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from threadpoolctl import threadpool_limits

    from unlabelled import tables
    from unlabelled.clustering.k_means import CLUSTERINGS, cluster
    from unlabelled.composition import vectors
    from unlabelled.files import sha256

    params = snakemake.params
    with threadpool_limits(snakemake.threads):
        table = cluster(
            *vectors.read(snakemake.input[0]),
            params.kernel,
            params.n_clusters,
            params.seeds,
            seed=params.seed,
        )
    provenance = {
        "kernel": params.kernel,
        "input_sha256": sha256(snakemake.input[0]),
        "seed": params.seed,
        "code": params.code,
    }
    tables.write(table, snakemake.output[0], CLUSTERINGS, provenance)
