import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import tables
    from unlabelled.phase_field import cross_validation

    parts = dict(zip(snakemake.params.parts, map(tables.read, snakemake.input), strict=True))
    cross_validation.write(
        cross_validation.stack(parts, transform=snakemake.params.transform),
        snakemake.output[0],
        unit=snakemake.params.unit,
        provenance={"parts": snakemake.params.parts, "code": snakemake.params.code},
    )
