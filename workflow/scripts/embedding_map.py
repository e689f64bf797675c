import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    import numpy as np

    from unlabelled import tables
    from unlabelled.label_masking.embedding_map import tsne
    from unlabelled.label_masking.schema import EMBEDDING_MAP

    label, settings = snakemake.params.label, snakemake.params.settings
    embeddings = {}
    for arm, path in zip(settings["representations"], snakemake.input.embeddings, strict=True):
        table = tables.read(path)
        embeddings[arm] = (list(table.material_id), np.stack(table.embedding))
    crystals = tables.read(snakemake.input.crystals, ["material_id", label])
    points = tsne(
        snakemake.wildcards.task,
        embeddings,
        dict(zip(crystals.material_id, crystals[label], strict=True)),
        seed=snakemake.params.seed,
        perplexity=settings["perplexity"],
        max_points=settings["crystals"],
    )
    provenance = {**settings, "seed": snakemake.params.seed, "code": snakemake.params.code}
    tables.write(points, snakemake.output[0], EMBEDDING_MAP, provenance)
