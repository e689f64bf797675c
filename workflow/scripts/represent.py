import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.composition.representations import represent
    from unlabelled.files import sha256

    elements = snakemake.input.elements or None
    style = snakemake.params.style
    represent(
        snakemake.input.compositions,
        elements,
        style["implementation"],
        snakemake.output.features,
        snakemake.output.rejected,
        {
            "style": style,
            "elements_sha256": sha256(elements) if elements else None,
            "code": snakemake.params.code,
        },
    )
