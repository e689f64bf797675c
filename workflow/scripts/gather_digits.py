import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    import pandas as pd

    from unlabelled import tables
    from unlabelled.isotropy.digits_table import DIGITS

    measured = pd.concat([tables.read(path) for path in snakemake.input], ignore_index=True)
    tables.write(measured, snakemake.output[0], DIGITS, {"code": snakemake.params.code})
