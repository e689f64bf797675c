import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.phase_field import environments

    environments.write(
        snakemake.input,
        snakemake.params.max_elements,
        snakemake.output.environments,
        snakemake.output.rejected,
        {"max_elements": snakemake.params.max_elements, "code": snakemake.params.code},
    )
