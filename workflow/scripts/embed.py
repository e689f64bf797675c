import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    import torch

    from unlabelled import tables
    from unlabelled.files import sha256
    from unlabelled.infomax import embedding
    from unlabelled.point_set.shards import Shards
    from unlabelled.site_net import weights

    torch.set_num_threads(snakemake.threads)
    encoder, folder = snakemake.input.encoder, snakemake.input.point_sets
    crystals = Shards([folder], quotient=True)
    vectors = embedding.embed(weights.load(encoder), crystals, snakemake.params.accelerator)
    provenance = {"encoder_sha256": sha256(encoder), "code": snakemake.params.code}
    table = embedding.to_table(crystals.ids, vectors)
    tables.write(table, snakemake.output[0], embedding.SCHEMA, provenance)
