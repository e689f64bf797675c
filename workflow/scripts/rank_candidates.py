import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.phase_field import candidates

    candidates.write(
        snakemake.input.predictions,
        snakemake.input.candidates,
        snakemake.input.reported,
        snakemake.output[0],
        unit=snakemake.params.unit,
        threshold=snakemake.params.settings["threshold"],
        top=snakemake.params.top,
        provenance={
            "settings": snakemake.params.settings,
            "top": snakemake.params.top,
            "code": snakemake.params.code,
        },
    )
