import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    import pandas as pd

    from unlabelled import tables
    from unlabelled.clustering import loco
    from unlabelled.files import sha256

    folds = pd.concat([tables.read(path) for path in snakemake.input], ignore_index=True)
    provenance = {
        "inputs_sha256": [sha256(path) for path in snakemake.input],
        "code": snakemake.params.code,
    }
    tables.write(folds, snakemake.output.folds, loco.FOLDS, provenance)
    tables.write(loco.summary(folds), snakemake.output.summary, loco.SUMMARY, provenance)
