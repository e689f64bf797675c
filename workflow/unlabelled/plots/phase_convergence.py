"""How many members an ensemble needs."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from unlabelled.plots import style

MARKED = (1, 2, 5)  # times powers of ten: numbers of members with a marker
MARKERS = ("o", "s", "D", "^", "v", "P")


@style.styled
def convergence(table: pd.DataFrame) -> Figure:
    """Draw how far means over some members are from those over all, one line per property.

    Parameters
    ----------
    table
        Columns of :data:`unlabelled.phase_field.convergence.SCHEMA`, any number of properties.

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
    for ax, column in zip(grid, ("probability", "value"), strict=True):
        for quantity, marker in zip(quantities, MARKERS, strict=False):
            rows = table[(table["property"] == quantity) & (table[column] > 0)]
            rows = rows.sort_values("members")
            ax.plot(
                rows["members"],
                rows[column],
                color=colours[quantity],
                marker=marker,
                markersize=3.2,
                markevery=np.flatnonzero([_marked(number) for number in rows["members"]]).tolist(),
            )
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_title(column)
        ax.set_xlabel("members")
        ax.set_ylabel("mean square difference\nover variance")
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:g}"))
        ax.xaxis.set_minor_formatter(NullFormatter())
        _guide(ax, table, column)
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
        "Dashed: as one over the number of members. Variance: of the mean over all members between "
        "fields.",
    )
    return fig


def _marked(number: int) -> bool:
    return int(str(number).rstrip("0")) in MARKED


def _guide(ax: Axes, table: pd.DataFrame, column: str) -> None:
    """Draw a line of slope -1 above the others."""
    shown = table[table[column] > 0]
    if shown["members"].nunique() < 2:
        return
    members = np.array([shown["members"].min(), shown["members"].max()], float)
    start = 1.5 * (shown[column] * shown["members"]).max()
    ax.plot(members, start / members, color=style.GREY, linewidth=0.8, linestyle=(0, (4, 2)))
