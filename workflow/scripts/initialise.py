import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.infomax.initial import initial_encoder
    from unlabelled.infomax.options import variant
    from unlabelled.site_net import weights

    seed, run_seed = snakemake.params.seed, int(snakemake.wildcards.seed)
    provenance = {
        "variant": snakemake.params.variant,
        "seed": seed,
        "run_seed": run_seed,
        "code": snakemake.params.code,
    }
    encoder = initial_encoder(variant(snakemake.params.variant), seed, run_seed)
    weights.save(encoder, snakemake.output.encoder, provenance)
