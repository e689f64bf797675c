import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import tables
    from unlabelled.files import sha256
    from unlabelled.label_masking.describe import describe, schema
    from unlabelled.label_masking.descriptors import DESCRIPTORS

    descriptor = snakemake.wildcards.descriptor
    elements = snakemake.input.elements or None
    table = describe(
        snakemake.input.crystals,
        descriptor,
        elements=elements,
        processes=snakemake.threads,
        seconds_per_crystal=snakemake.params.seconds,
        memory_mb_per_crystal=snakemake.params.memory_mb,
    )
    provenance = {
        "descriptor": descriptor,
        "elements_sha256": sha256(elements) if elements else None,
        "code": snakemake.params.code,
    }
    tables.write(table, snakemake.output[0], schema(DESCRIPTORS[descriptor].length), provenance)
