import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    import pandas as pd

    from unlabelled import tables
    from unlabelled.point_set.shards import identifiers
    from unlabelled.structures.outcomes import OUTCOMES, count_outcomes

    accepted = pd.DataFrame(
        {
            "source": snakemake.params.sources,
            "accepted": [len(list(identifiers(f))) for f in snakemake.input.point_sets],
        }
    )
    rejected = pd.concat([tables.read(path) for path in snakemake.input.rejected])
    outcomes = count_outcomes(rejected, accepted)
    tables.write(outcomes, snakemake.output[0], OUTCOMES, {"code": snakemake.params.code})
