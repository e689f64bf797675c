import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.phase_field import element_map

    element_map.write(
        dict(zip(snakemake.params.vectors, snakemake.input, strict=True)),
        snakemake.output[0],
        snakemake.params.seed,
        {"seed": snakemake.params.seed, "code": snakemake.params.code},
    )
