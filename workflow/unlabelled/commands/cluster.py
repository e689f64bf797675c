"""``unlabelled cluster``: clusters of formulas, how round they are, and whether they are real."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from unlabelled.commands.common import TABLE, as_json, output, show, write_own
from unlabelled.commands.formulas import compositions
from unlabelled.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_MEASURES = ("isoscore", "i_vec")


@click.command(short_help="Clusters of formulas: how round, how stable.")
@click.argument("table", type=TABLE)
@click.option("--formula", metavar="COLUMN", default="formula", help="Column of the formulas.")
@click.option("--representation", default="magpie", help="What a formula becomes.")
@click.option("--kernel", default="standardised", help="Scaling and kernel approximation.")
@click.option(
    "--clusters",
    "-k",
    type=click.IntRange(2, 100),
    multiple=True,
    default=(2, 3, 4, 5, 6, 7, 8, 9, 10),
    show_default="2 to 10",
)
@click.option("--seeds", type=click.IntRange(2), default=5, help="Starts of k-means.")
@output("the cluster of every formula, a column for each number of clusters,")
@as_json
def cluster(
    table: Path,
    formula: str,
    representation: str,
    kernel: str,
    clusters: tuple[int, ...],
    seeds: int,
    output: Path | None,
    machine: bool,
) -> None:
    """Cluster formulas by k-means, and say whether the clusters are worth a name.

    TABLE is CSV or Parquet, a formula per row. For every number of clusters k: agreement between
    starts of k-means (stability, 1 is the same clusters each time), silhouette, and isotropy beside
    that of round clusters of the same sizes (null). Representations and kernels are those of the
    default study: `--representation` compVec, magpie, oliynyk, jarvis, mat2vec; `--kernel` none,
    standardised, unit, rbf_published, rbf_median, and others.

    \b
    Example:
      unlabelled cluster icsd.csv -k 5 -k 8 -o clusters.csv
    """
    from unlabelled import default_study
    from unlabelled.clustering import k_means
    from unlabelled.isotropy.grid import measure_clusterings

    config, sources = default_study.read()
    settings = default_study.named(config["clustering"]["kernels"], kernel, "kernel")
    style = default_study.named(
        config["composition_representations"], representation, "representation"
    )
    rows, elements = compositions(table, formula, {}), None
    if style["table"] != "compVec":
        elements = default_study.raw_file(style["table"], sources)
    kept, features = _features(rows, elements)
    if max(clusters) > len(features):
        raise UserError(f"{table}: {max(clusters)} clusters of {len(features)} compositions")
    seed, starts = config["seed"], list(range(seeds))
    of_kernel: dict[str, Any] = {"scaling": settings["scaling"], "map": "none"}
    found = k_means.cluster(kept, features, settings, clusters, starts, seed=seed)
    plain = k_means.cluster(kept, features, of_kernel, clusters, starts, seed=seed)
    measured = measure_clusterings(
        features,
        settings,
        found,
        plain,
        measures={"corrected": _MEASURES, "published": ()},
        seeds=starts,
        bootstrap_k=(),
        bootstrap_draws=0,
        seed=seed,
    )
    first = (found["kernel_seed"] == 0) & (found["k_means_seed"] == 0)
    assigned = found[first].pivot_table(index="row", columns="k", values="cluster").astype(int)
    if output:
        entries = rows.loc[assigned.index, ["entry", "formula", "formula_reduced"]]
        write_own(entries.join(assigned.add_prefix("cluster_of_")), output)
    show(_summary(measured), machine=machine)


def _features(rows: "pd.DataFrame", elements: Path | None) -> "tuple[np.ndarray, np.ndarray]":
    """Rows that can be represented, and their vectors."""
    import tempfile

    from unlabelled import tables
    from unlabelled.composition import representations, schema, vectors

    with tempfile.TemporaryDirectory() as folder:
        written, found, rejected = (Path(folder) / name for name in ("rows", "found", "rejected"))
        tables.write(rows, written, schema.compositions({}), {})
        representations.represent(written, elements, "corrected", found, rejected, {})
        for entry, message in tables.read(rejected)[["entry", "message"]].to_numpy():
            click.echo(f"left out: {entry}: {message}", err=True)
        return vectors.read(found)


def _summary(measured: "pd.DataFrame") -> "pd.DataFrame":
    """One row per number of clusters, of the first seeds."""
    first = measured[(measured["kernel_seed"] == 0) & (measured["k_means_seed"] == 0)]
    of_k = first.drop_duplicates("k").set_index("k")
    summary = of_k[["stability_k_means", "stability_kernel", "ari_to_plain", "silhouette"]].copy()
    for name in _MEASURES:
        of_measure = first[first["measure"] == name].set_index("k")
        summary[name] = of_measure["value"]
        summary[f"{name}_null"] = of_measure["null_mean"]
    return summary.reset_index().dropna(axis="columns", how="all")
