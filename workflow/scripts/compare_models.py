import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.phase_field import metrics

    metrics.write(
        zip(snakemake.params.cases, snakemake.input, strict=True),
        snakemake.params.comparisons,
        snakemake.output.metrics,
        snakemake.output.comparisons,
        seed=snakemake.params.seed,
        provenance={"seed": snakemake.params.seed, "code": snakemake.params.code},
    )
