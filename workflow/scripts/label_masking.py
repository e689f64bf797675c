import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    import pandas as pd

    from unlabelled import tables
    from unlabelled.label_masking.evaluate import evaluate
    from unlabelled.label_masking.schema import RESULTS

    params, wildcards = snakemake.params, snakemake.wildcards
    split = tables.read(snakemake.input.split[0])
    crystals = tables.read(snakemake.input.crystals, ["material_id", params.label])
    results = [
        evaluate(
            tables.read(path),
            split,
            crystals,
            task=wildcards.task,
            label=params.label,
            arm=wildcards.arm,
            arm_seed=arm_seed,
            n_labels=int(wildcards.n_labels),
            draws=params.draws,
            heads=params.heads,
            seed=params.seed,
        )
        for arm_seed, path in zip(params.seeds, snakemake.input.embeddings, strict=True)
    ]
    provenance = {"label": params.label, "seed": params.seed, "code": params.code}
    tables.write(pd.concat(results), snakemake.output[0], RESULTS, provenance)
