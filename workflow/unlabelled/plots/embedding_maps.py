"""Maps of the representations, side by side."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from unlabelled.plots import style

COLUMNS = 4  # panels beside each other, at most
PANEL = 2.5  # in, at most
MARGIN = 1.0  # in, for the colour bar and the labels
LIMITS = (2, 98)  # percentiles of the colour scale, so that few extremes do not flatten it


@style.styled
def embedding_maps(table: pd.DataFrame, *, units: Mapping[str, str]) -> Figure:
    """Draw the t-SNE maps: a row per task, a column per arm, a colour scale per task.

    Parameters
    ----------
    table
        Columns of :data:`unlabelled.label_masking.schema.EMBEDDING_MAP`, any number of tasks; arms
        are in the order of the table.
    units
        Unit of every task's label.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table is empty.
    """
    tasks = style.appearing(table["task"])
    arms = style.appearing(table["arm"])
    titles = [style.readable(arm) for arm in arms]
    columns = min(style.columns(titles, style.PAGE - MARGIN, COLUMNS), len(arms))
    lines = math.ceil(len(arms) / columns)
    panel = min(PANEL, (style.PAGE - MARGIN) / columns)
    fig = style.figure(panel * columns + MARGIN, (panel + 0.22) * lines * len(tasks) + 0.2)
    grid = fig.subplots(lines * len(tasks), columns, squeeze=False)
    panels: list[Axes] = []
    for i, task in enumerate(tasks):
        rows = table[table["task"] == task]
        norm = Normalize(*np.nanpercentile(rows["value"], LIMITS))
        places = list(grid[i * lines : (i + 1) * lines].flat)
        for ax, arm, title in zip(places, arms, titles, strict=False):
            _map(ax, rows[rows["arm"] == arm], norm)
            ax.set_title(title)
        panels += places[: len(arms)]
        bar = fig.colorbar(
            ScalarMappable(norm, "viridis"),
            ax=places,
            extend="both",
            aspect=22 * lines,
            pad=0.015,
            shrink=0.95,
        )
        bar.set_label(f"{style.readable(task)} ({units[task]})")
        bar.outline.set_visible(False)
        for ax in places[len(arms) :]:
            ax.remove()
    for line in grid:
        line[0].set_ylabel("t-SNE 2 (arb. unit)")
    for column in grid.T:
        [ax for ax in column if ax in panels][-1].set_xlabel("t-SNE 1 (arb. unit)")
    style.panel_letters(panels)
    style.heading(fig, "Maps of the representations", [])
    number = table.groupby(["task", "arm"])["material_id"].nunique()
    style.note(
        fig,
        f"{style.counted(number, 'crystal')} per panel, the same within a task. Colour scales from "
        f"the {LIMITS[0]}nd to the {LIMITS[1]}th percentile.",
    )
    return fig


def _map(ax: Axes, rows: pd.DataFrame, norm: Normalize) -> None:
    ax.scatter(
        rows["x"],
        rows["y"],
        c=rows["value"],
        s=max(1.5, min(12.0, 4000 / max(1, len(rows)))),
        norm=norm,
        cmap="viridis",
        linewidths=0,
        rasterized=True,
    )
    ax.set_box_aspect(1)
    # distances between far clusters mean nothing in t-SNE, nor do its units
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[["top", "right"]].set_visible(True)
    ax.margins(0.04)
