import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    import pandas as pd

    from unlabelled import tables
    from unlabelled.files import sha256
    from unlabelled.label_masking.evaluate import evaluate
    from unlabelled.label_masking.representation import concatenated
    from unlabelled.label_masking.schema import RESULTS

    params, wildcards = snakemake.params, snakemake.wildcards
    descriptors = [(tables.read(path), "embedding") for path in snakemake.input.descriptors]
    readout = params.arm["readout"]
    encoded = [
        [(tables.read(path, ["material_id", name]), name) for name in readout]
        for path in snakemake.input.embeddings
    ]
    split = tables.read(snakemake.input.split[0])
    crystals = tables.read(snakemake.input.crystals, ["material_id", params.label])
    results = [
        evaluate(
            concatenated(readouts + descriptors),
            split,
            crystals,
            task=wildcards.task,
            label=params.label,
            arm=wildcards.arm,
            arm_seed=arm_seed,
            n_labels=int(wildcards.n_labels),
            draws=params.draws,
            heads=params.arm["heads"],
            seed=params.seed,
        )
        for arm_seed, readouts in zip(params.seeds, encoded or [[]], strict=True)
    ]
    provenance = {key: params[key] for key in ("arm", "label", "draws", "seed", "code")}
    provenance["inputs_sha256"] = [sha256(path) for path in snakemake.input]
    tables.write(pd.concat(results), snakemake.output[0], RESULTS, provenance)
