import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    import pandas as pd

    from unlabelled import tables
    from unlabelled.files import sha256
    from unlabelled.label_masking import compare
    from unlabelled.label_masking.schema import PAIRED, RESULTS, SUMMARY

    params, seed = snakemake.params, snakemake.params.seed
    results = pd.concat([tables.read(p) for p in snakemake.input.results], ignore_index=True)
    pools = {v: tables.read(p) for v, p in zip(params.variants, snakemake.input.pools, strict=True)}
    n_unlabelled = {
        arm: int(pools[variant]["used"].sum()) for arm, variant in params.pre_trained_on.items()
    }
    provenance = {
        "inputs_sha256": [sha256(path) for path in snakemake.input],
        "comparisons": params.comparisons,
        "method": params.method,
        "seed": seed,
        "code": params.code,
    }
    made = {
        "results": (results, RESULTS),
        "summary": (compare.summary(results, n_unlabelled), SUMMARY),
        "paired": (compare.paired(results, params.comparisons, seed=seed), PAIRED),
        "standing": (compare.standing(results, params.method, seed=seed), PAIRED),
    }
    for name, (table, schema) in made.items():
        tables.write(table, snakemake.output[name], schema, provenance)
