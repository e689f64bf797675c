import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import tables
    from unlabelled.claims import claim, scorecard

    results = Path(snakemake.output[0]).parent
    judged = scorecard.scorecard(
        claim.load(snakemake.input.claims, snakemake.input.schema),
        results,
        [Path(path).relative_to(results).as_posix() for path in snakemake.input.tables],
        snakemake.params.sources,
        conclusive=snakemake.params.conclusive,
    )
    tables.write(judged, snakemake.output[0], scorecard.SCHEMA, {"code": snakemake.params.code})
