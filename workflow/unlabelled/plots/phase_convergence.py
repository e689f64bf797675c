"""How many members an ensemble needs."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from unlabelled.plots import style

CRITERION = 1e-3  # of the study, for probabilities
MARKERS = ("o", "s", "D", "^", "v", "P")
_PANELS = {
    "probability": ("probability", "mean square difference"),
    "value": ("value", "mean square difference\nover variance"),
}


@style.styled
def convergence(table: pd.DataFrame) -> Figure:
    """Draw how far means over some members are from those over all, one line per property.

    Parameters
    ----------
    table
        Columns property, members, probability and value: mean square differences between the mean
        over so many members and that over all, of values relative to their variance.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table is empty.
    """
    quantities = style.appearing(table["property"])
    colours = dict(zip(quantities, style.OKABE_ITO, strict=False))
    fig = style.figure(style.PAGE, 2.5)
    grid = fig.subplots(1, 2)
    for ax, (column, (title, label)) in zip(grid, _PANELS.items(), strict=True):
        for quantity, marker in zip(quantities, MARKERS, strict=False):
            rows = table[(table["property"] == quantity) & (table[column] > 0)]
            rows = rows.sort_values("members")
            ax.plot(
                rows["members"],
                rows[column],
                color=colours[quantity],
                marker=marker,
                markersize=3.2,
            )
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_title(title)
        ax.set_xlabel("members")
        ax.set_ylabel(label)
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:g}"))
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.yaxis.set_minor_formatter(NullFormatter())
        _guide(ax, table, column)
    grid[0].axhline(CRITERION, color=style.INK, linewidth=0.8, linestyle=(0, (1, 1.2)))
    style.panel_letters(grid)
    handles = [
        Line2D(
            [],
            [],
            color=colours[quantity],
            marker=marker,
            markersize=3.6,
            label=style.readable(quantity),
        )
        for quantity, marker in zip(quantities, MARKERS, strict=False)
    ]
    style.heading(fig, "Means over some members of an ensemble and over all", handles)
    style.note(
        fig,
        "Dashed: one over the number of members. Dotted: below it, the study takes probabilities "
        "for converged.",
    )
    return fig


def _guide(ax: Axes, table: pd.DataFrame, column: str) -> None:
    """Draw a line of slope -1 above the others."""
    shown = table[table[column] > 0]
    if shown.empty:
        return
    members = np.array([shown["members"].min(), shown["members"].max()], float)
    start = 1.5 * (shown[column] * shown["members"]).max()
    ax.plot(members, start / members, color=style.GREY, linewidth=0.8, linestyle=(0, (4, 2)))
