import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from threadpoolctl import threadpool_limits

    from unlabelled import tables
    from unlabelled.composition import vectors
    from unlabelled.files import sha256
    from unlabelled.isotropy.grid import ISOTROPY, measure_clusterings

    params = snakemake.params
    with threadpool_limits(snakemake.threads):
        table = measure_clusterings(
            vectors.read(snakemake.input.features)[1],
            params.kernel,
            tables.read(snakemake.input.clusterings),
            tables.read(snakemake.input.plain),
            measures=params.measures,
            seeds=params.seeds,
            bootstrap_k=params.bootstrap["n_clusters"],
            bootstrap_draws=params.bootstrap["draws"],
            seed=params.seed,
        )
    names = {name: snakemake.wildcards[name] for name in ("representation", "kernel")}
    provenance = {
        "kernel": params.kernel,
        "inputs_sha256": [sha256(path) for path in snakemake.input],
        "seed": params.seed,
        "code": params.code,
    }
    tables.write(table.assign(**names), snakemake.output[0], ISOTROPY, provenance)
