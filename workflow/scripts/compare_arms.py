import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    import pandas as pd

    from unlabelled import tables
    from unlabelled.label_masking import compare
    from unlabelled.label_masking.schema import PAIRED, RESULTS, SUMMARY

    results = pd.concat([tables.read(path) for path in snakemake.input], ignore_index=True)
    summary = compare.summary(results)
    paired = compare.paired(results, snakemake.params.comparisons, seed=snakemake.params.seed)
    provenance = {"seed": snakemake.params.seed, "code": snakemake.params.code}
    tables.write(results, snakemake.output.results, RESULTS, provenance)
    tables.write(summary, snakemake.output.summary, SUMMARY, provenance)
    tables.write(paired, snakemake.output.paired, PAIRED, provenance)
