"""Clusters of representations under kernels: how round they are, and whether they are real."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from unlabelled.plots import style

COLUMNS = 5
_DARK = 0.55  # of the colour scale, from which on numbers are white


class _Map(NamedTuple):
    column: str
    title: str
    norm: Normalize
    digits: str


@style.styled
def heat_maps(table: pd.DataFrame, *, measure: str, k: int) -> Figure:
    """Draw isotropy beside agreement, stability and evenness: representation against kernel.

    Parameters
    ----------
    table
        Columns of :data:`unlabelled.isotropy.grid.ISOTROPY`, of one collection.
    measure
        Measure of isotropy, of which the corrected implementation is shown.
    k
        Number of clusters.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table has no such rows.
    """
    rows = _of(table, measure)
    rows = rows[rows["k"] == k]
    if rows.empty:
        raise ValueError(f"nothing to draw: {measure} at {k} clusters was not measured")
    # what k-means alone varies is told apart for kernels without random numbers
    rows = rows.assign(stability=rows[["stability_kernel", "stability_k_means"]].min(axis=1))
    maps = (
        _Map("value", style.readable(measure), _span(rows["value"]), ".2f"),
        _Map("ari_to_plain", "agreement with no kernel (ARI)", Normalize(0, 1), ".2f"),
        _Map("stability", "stability over seeds (ARI)", Normalize(0, 1), ".2f"),
        _Map("size_sd_random", "unevenness of sizes", LogNorm(1, 100), ".1f"),
    )
    representations, kernels = (style.appearing(rows[c]) for c in ("representation", "kernel"))
    fig = style.figure(style.PAGE, 2 * (0.9 + 0.19 * len(representations)) + 0.5)
    grid = fig.subplots(2, 2, squeeze=False, sharex=True, sharey=True)
    for ax, shown in zip(grid.flat, maps, strict=True):
        means = rows.pivot_table(shown.column, "representation", "kernel", dropna=False)
        _heat_map(ax, means.reindex(index=representations, columns=kernels), shown)
    style.panel_letters(grid.flat)
    style.heading(fig, f"{k} clusters of every representation under every kernel", [])
    style.note(
        fig,
        f"Means over seeds; {style.counted(rows['n'], 'composition')}. Stability: the lower of "
        "those over seeds of the kernel and of k-means. Unevenness: standard deviation of sizes "
        "over that of random clusters. Clusters that a kernel has drawn at random are round and "
        "even, and agree with nothing.",
    )
    return fig


@style.styled
def evenness(table: pd.DataFrame) -> Figure:
    """Draw the unevenness of cluster sizes against the number of clusters, one panel per kernel.

    Parameters
    ----------
    table
        Columns of :data:`unlabelled.isotropy.grid.ISOTROPY`, of one collection.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table is empty.
    """
    rows = _of(table, table["measure"].iloc[0])
    kernels = style.appearing(rows["kernel"])
    looks = style.looks(rows["representation"])
    columns = min(COLUMNS, len(kernels))
    lines = math.ceil(len(kernels) / columns)
    fig = style.figure(style.PAGE, 0.3 + 1.7 * lines)
    grid = fig.subplots(lines, columns, squeeze=False, sharex=True, sharey=True)
    panels = list(grid.flat)[: len(kernels)]
    for ax, kernel in zip(panels, kernels, strict=True):
        for name, (colour, marker) in looks.items():
            chosen = rows[(rows["kernel"] == kernel) & (rows["representation"] == name)]
            mean = chosen.groupby("k")["size_sd_random"].mean()
            ax.plot(mean.index, mean, color=colour, marker=marker, markersize=2.6, linewidth=0.9)
        ax.axhline(1, color=style.INK, linewidth=0.7, linestyle=(0, (3, 2)))
        ax.set_yscale("log")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_title(style.readable(kernel))
    for ax in list(grid.flat)[len(kernels) :]:
        ax.remove()
    for ax in panels[-columns:]:
        ax.tick_params(labelbottom=True)
        ax.set_xlabel("clusters")
    for line in grid:
        line[0].set_ylabel("unevenness of sizes")
    handles = [
        Line2D([], [], color=colour, marker=marker, markersize=3.2, label=style.readable(name))
        for name, (colour, marker) in looks.items()
    ]
    style.heading(fig, "Evenness of cluster sizes under every kernel", handles)
    style.note(
        fig,
        "Standard deviation of the sizes over that of clusters drawn at random (dashed), mean over "
        f"seeds; {style.counted(rows['n'], 'composition')}.",
    )
    return fig


def _of(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    return table[(table["measure"] == measure) & (table["implementation"] == "corrected")]


def _span(values: pd.Series) -> Normalize:
    """Scale from 0 to 1 for a measure that lies there, else as far as the values go."""
    inside = values.dropna().between(0, 1).all()
    return Normalize(0, 1) if inside else Normalize(values.min(), values.max())


def _heat_map(ax: Axes, means: pd.DataFrame, shown: _Map) -> None:
    ax.imshow(means, norm=shown.norm, cmap="cividis_r", aspect="auto")
    for (i, j), value in np.ndenumerate(means.to_numpy()):
        if np.isfinite(value):
            colour = "white" if float(shown.norm(value)) > _DARK else style.INK
            text = format(value, shown.digits)
            ax.text(j, i, text, ha="center", va="center", fontsize=6, color=colour)
    ax.set_xticks(
        range(means.shape[1]), [style.readable(name) for name in means.columns], rotation=90
    )
    ax.set_yticks(range(means.shape[0]), [style.readable(name) for name in means.index])
    ax.grid(visible=False)
    ax.set_title(shown.title)
