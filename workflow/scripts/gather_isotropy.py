import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    import pandas as pd

    from unlabelled import tables
    from unlabelled.files import sha256
    from unlabelled.isotropy.grid import ISOTROPY

    table = pd.concat([tables.read(path) for path in snakemake.input], ignore_index=True)
    provenance = {
        "inputs_sha256": [sha256(path) for path in snakemake.input],
        "code": snakemake.params.code,
    }
    tables.write(table, snakemake.output[0], ISOTROPY, provenance)
