"""Clusters of every representation under every kernel: measures, and what is in the clusters."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from unlabelled import pages
from unlabelled.plots.style import appearing, counted, readable

_TEMPLATE = Path(__file__).with_suffix(".html")
_SCRIPT = Path(__file__).with_suffix(".js")
_CLUSTERING = ["representation", "kernel", "k", "kernel_seed", "k_means_seed"]
#: What says whether clusters are real, and its names.
QUALITY = {
    "ari_to_plain": "agreement with no kernel (ARI)",
    "stability_kernel": "stability over seeds of the kernel (ARI)",
    "stability_k_means": "stability over seeds of k-means (ARI)",
    "silhouette": "silhouette",
    "davies_bouldin": "Davies–Bouldin index",
    "size_sd_random": "unevenness of sizes",
}
COMMONEST = 3  # elements named of a cluster
EXAMPLES = 4  # formulas of a cluster


class Grid(NamedTuple):
    """Clusterings of one collection.

    Attributes
    ----------
    collection
        Its name.
    table
        Columns of :data:`unlabelled.isotropy.grid.ISOTROPY`.
    clusters
        As of :func:`clusters_of`, with columns ``representation`` and ``kernel`` besides.
    """

    collection: str
    table: pd.DataFrame
    clusters: pd.DataFrame


def clusters_of(clusterings: pd.DataFrame, formulas: Sequence[str]) -> pd.DataFrame:
    """Say what is in every cluster.

    Parameters
    ----------
    clusterings
        Columns row, k, kernel_seed, k_means_seed and cluster; the first seeds come first.
    formulas
        Reduced formulas of the collection; ``row`` counts them.

    Returns
    -------
    pandas.DataFrame
        A row per cluster: k, seeds, cluster, size; and of the first seeds ``elements``, the
        commonest with the share of members that hold them, and ``examples``, formulas from evenly
        spaced places in the collection. Empty clusters have size 0.
    """
    of_rows = pd.Series(formulas, dtype=object)
    holds = of_rows.str.findall("[A-Z][a-z]?").str.join("|").str.get_dummies()
    symbols, flags = holds.columns.to_numpy(), holds.to_numpy(bool)
    names = of_rows.to_numpy()
    first = clusterings[["kernel_seed", "k_means_seed"]].iloc[0].tolist()
    found = []
    key = ["k", "kernel_seed", "k_means_seed"]
    for _, part in clusterings.groupby(key, sort=False):
        k, *seeds = part[key].iloc[0].tolist()
        rows, labels = part["row"].to_numpy(), part["cluster"].to_numpy()
        for cluster in range(k):
            members = rows[labels == cluster]
            elements = examples = ""
            if seeds == first and len(members):
                shares = flags[members].mean(axis=0)
                commonest = np.argsort(-shares, kind="stable")[:COMMONEST]
                elements = ", ".join(
                    f"{symbols[i]} {shares[i]:.0%}" for i in commonest if shares[i]
                )
                chosen = np.linspace(0, len(members) - 1, min(EXAMPLES, len(members))).astype(int)
                examples = ", ".join(names[members[chosen]])
            found.append((k, *seeds, cluster, len(members), elements, examples))
    columns = [*_CLUSTERING[2:], "cluster", "size", "elements", "examples"]
    return pd.DataFrame(found, columns=columns)


def page(grids: Sequence[Grid], *, scale: str, pages_made: Collection[str]) -> str:
    """Return the page of clusters.

    Parameters
    ----------
    grids
        At least one.
    scale
        Name of the study.
    pages_made
        Names of all pages of the study.

    Returns
    -------
    str
        HTML.
    """
    parts = [
        f"{counted([grid.table['representation'].nunique()], 'representation')} of "
        f"{readable(grid.collection)} ({counted(grid.table['n'], 'composition')})"
        for grid in grids
    ]
    clusterings = sum(len(grid.table.drop_duplicates(_CLUSTERING)) for grid in grids)
    return pages.render(
        _TEMPLATE,
        name="isotropy",
        title="Shape of clusters",
        lead=(
            f"{clusterings:,} k-means clusterings: {'; '.join(parts)}, under "
            f"{counted([grids[0].table['kernel'].nunique()], 'kernel')}. Round clusters are not "
            "real by that: a kernel drawn at random makes them, too, so look at agreement and "
            "stability as well."
        ),
        scale=scale,
        pages=pages_made,
        data=[_data(grid) for grid in grids],
        scripts=[_SCRIPT],
        charts=True,
        tables=True,
    )


def _data(grid: Grid) -> dict[str, object]:
    table = grid.table
    clusterings = table.drop_duplicates(_CLUSTERING).reset_index(drop=True)
    keys = pd.MultiIndex.from_frame(clusterings[_CLUSTERING])
    representations, kernels = (appearing(clusterings[name]) for name in _CLUSTERING[:2])
    return {
        "name": readable(grid.collection),
        "file": f"{grid.collection}_clusters",
        "representations": [_representation(name) for name in representations],
        "kernels": [readable(name) for name in kernels],
        "representation": [representations.index(name) for name in clusterings["representation"]],
        "kernel": [kernels.index(name) for name in clusterings["kernel"]],
        **{name: clusterings[name].tolist() for name in _CLUSTERING[2:]},
        "measures": [
            {
                "name": readable(str(measure)),
                "group": str(implementation),
                **_measured(rows.set_index(_CLUSTERING).reindex(keys)),
            }
            for (measure, implementation), rows in table.groupby(
                ["measure", "implementation"], sort=False
            )
        ]
        + [
            {"name": title, "group": "whether clusters are real", "value": pages.rounded(found)}
            for name, title in QUALITY.items()
            if (found := clusterings[name]).notna().any()
        ],
        **_contents(grid.clusters, keys),
    }


def _representation(name: str) -> str:
    """Name to print: "untrained, seed 0" of untrained/seed=0."""
    return ", ".join(readable(part).replace("=", " ") for part in name.split("/"))


def _measured(rows: pd.DataFrame) -> dict[str, object]:
    found: dict[str, object] = {"value": pages.rounded(rows["value"])}
    if rows["z"].notna().any():
        found |= {"null": pages.rounded(rows["null_mean"]), "z": pages.rounded(rows["z"])}
    bounds = zip(pages.rounded(rows["low"]), pages.rounded(rows["high"]), strict=True)
    # of few clusterings
    found["interval"] = {i: pair for i, pair in enumerate(bounds) if None not in pair}
    return found


def _contents(clusters: pd.DataFrame, keys: pd.MultiIndex) -> dict[str, object]:
    """Sizes of the clusters of every clustering, and what is in them where it is said."""
    groups = dict(iter(clusters.groupby(_CLUSTERING)))
    parts = [groups[key] for key in keys]
    return {
        "sizes": [part["size"].tolist() for part in parts],
        "contents": {
            i: part[["elements", "examples"]].to_numpy().tolist()
            for i, part in enumerate(parts)
            if part["examples"].any()
        },
    }
