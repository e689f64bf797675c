import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.composition import vectors
    from unlabelled.files import sha256

    vectors.of_embeddings(
        snakemake.input.compositions,
        snakemake.input.embeddings,
        snakemake.output[0],
        {"embeddings_sha256": sha256(snakemake.input.embeddings), "code": snakemake.params.code},
    )
