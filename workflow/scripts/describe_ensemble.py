import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.phase_field import contributions, convergence, ensemble, prediction

    found = ensemble.load(snakemake.input.ensemble)
    fields = prediction.read(snakemake.input.fields)
    provenance = {"code": snakemake.params.code}
    contributions.write(
        found, fields, snakemake.output.contributions, snakemake.params.unit, provenance
    )
    convergence.write(
        found, fields, snakemake.output.convergence, snakemake.wildcards.property, provenance
    )
