import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    import pandas as pd

    from unlabelled import tables
    from unlabelled.infomax.history import SCHEMA

    histories = pd.concat([tables.read(path) for path in snakemake.input], ignore_index=True)
    tables.write(histories, snakemake.output[0], SCHEMA, {"code": snakemake.params.code})
