import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import tables
    from unlabelled.files import sha256
    from unlabelled.isotropy import digits
    from unlabelled.isotropy.digits_table import DIGITS
    from unlabelled.sources.digits import read

    params, wildcards, raw = snakemake.params, snakemake.wildcards, snakemake.input[0]
    measured = digits.run(
        read(params.source, raw),
        wildcards.network,
        int(wildcards.size),
        int(wildcards.seed),
        digits.Options(**params.options),
        seed=params.seed,
        threads=snakemake.threads,
    )
    provenance = {key: params[key] for key in ("options", "seed", "code")}
    provenance["digits_sha256"] = sha256(raw)
    tables.write(measured, snakemake.output[0], DIGITS, provenance)
