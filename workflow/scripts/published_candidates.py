import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.phase_field import candidates

    candidates.write_headline(
        snakemake.input.candidates,
        snakemake.input.reported,
        snakemake.output[0],
        {"code": snakemake.params.code},
    )
