import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.sources.fetch import fetch

    fetch(
        snakemake.wildcards.source,
        snakemake.params.specification,
        snakemake.output[0],
        snakemake.config["mirrors"],  # no parameter: where a file was found changes nothing
    )
