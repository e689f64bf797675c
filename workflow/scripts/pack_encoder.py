import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.pretrained import pack

    files, params = snakemake.input, snakemake.params
    pack.pack(
        files.encoder,
        files.history,
        files.pool,
        dict(zip(params.datasets, files.crystals, strict=True)),
        dict(
            zip(params.datasets, zip(files.elements, files.surroundings, strict=True), strict=True)
        ),
        dict(zip(params.units, files.summaries, strict=True)),
        params.units,
        params.sources,
        snakemake.output[0],
        variant=snakemake.wildcards.variant,
        max_sites=params.max_sites,
        training=params.training,
    )
