import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import tables
    from unlabelled.plots import encoder_isotropy, style

    params = snakemake.params
    figure = encoder_isotropy.encoder_isotropy(
        tables.read(snakemake.input[0]),
        measures=params.measures,
        groups=params.groups,
        kernel=params.kernel,
        k=params.n_clusters,
    )
    style.save_with_table(figure, snakemake.input[0], snakemake.output)
