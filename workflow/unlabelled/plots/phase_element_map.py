"""Elements in two dimensions."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from unlabelled.plots import style
from unlabelled.plots.periodic_table import PLACES
from unlabelled.plots.placing import apart

COLUMNS = 2
PANEL = 3.4  # in
FONT = 6.5  # points
ROOM = 1.2  # points beside a symbol
FAR = 6.0  # points that a symbol is moved, from which on a line leads to its place
BLOCKS = {
    "s": style.OKABE_ITO[0],
    "p": style.OKABE_ITO[1],
    "d": style.OKABE_ITO[2],
    "f": "#AA4499",
}


@style.styled
def element_map(table: pd.DataFrame, *, method: str) -> Figure:
    """Draw the elements by their symbols, one panel per vectors, coloured by their block.

    Symbols that would cover each other are moved apart.

    Parameters
    ----------
    table
        Columns element, x, y and vectors (what places them).
    method
        What the dimensions are: t-SNE, for example.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table is empty.
    """
    names = style.appearing(table["vectors"])
    columns = min(COLUMNS, len(names))
    lines = math.ceil(len(names) / columns)
    fig = style.figure(PANEL * columns + 0.2, (PANEL + 0.1) * lines)
    grid = fig.subplots(lines, columns, squeeze=False)
    panels = list(grid.flat)[: len(names)]
    for ax, name in zip(panels, names, strict=True):
        rows = table[table["vectors"] == name]
        # symbols take no part in the limits
        ax.update_datalim(rows[["x", "y"]].to_numpy(float))
        ax.margins(0.06)
        ax.autoscale_view()
        ax.set_box_aspect(1)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines[["top", "right"]].set_visible(True)
        ax.set_title(style.readable(name))
        ax.set_xlabel(f"{method} 1 (arb. unit)")
        ax.set_ylabel(f"{method} 2 (arb. unit)")
    for ax in list(grid.flat)[len(names) :]:
        ax.remove()
    style.panel_letters(panels)
    found = {block(symbol) for symbol in table["element"]}
    handles = [
        Patch(color=colour, label=f"{name} block")
        for name, colour in BLOCKS.items()
        if name in found
    ]
    style.heading(fig, "Elements by their vectors", handles)
    style.note(
        fig,
        "Symbols are moved apart where they would cover each other; lines lead to places that are "
        "not near.",
    )
    fig.draw_without_rendering()
    for ax, name in zip(panels, names, strict=True):
        _symbols(fig, ax, table[table["vectors"] == name])
    return fig


def block(symbol: str) -> str:
    """Return the block of an element: s, p, d or f."""
    column, row = PLACES[symbol]
    if row > 6:  # lanthanides and actinides, the last of which are in group 3
        return "d" if column == 16 else "f"
    if column < 2 or symbol == "He":
        return "s"
    return "d" if column < 12 else "p"


def _colours(rows: pd.DataFrame) -> list[str]:
    return [BLOCKS[block(symbol)] for symbol in rows["element"]]


def _symbols(fig: Figure, ax: Axes, rows: pd.DataFrame) -> None:
    point = fig.dpi / 72
    places = ax.transData.transform(rows[["x", "y"]].to_numpy(float)) / point
    texts = [
        ax.annotate(
            symbol,
            (x, y),
            xytext=(0, 0),
            textcoords="offset points",
            fontsize=FONT,
            fontweight="bold",
            ha="center",
            va="center",
            color=colour,
            zorder=4,
        )
        for symbol, x, y, colour in zip(
            rows["element"], rows["x"], rows["y"], _colours(rows), strict=True
        )
    ]
    extents = [text.get_window_extent() for text in texts]
    sizes = np.array([[box.width, box.height] for box in extents]) / point + [ROOM, 0]
    room = ax.get_window_extent()
    corners = np.array([room.p0, room.p1]) / point
    moved = apart(places, sizes, corners[0], corners[1]) - places
    for text, (x, y) in zip(texts, moved.tolist(), strict=True):
        text.set_in_layout(False)
        text.set_position((x, y))
        if math.hypot(x, y) > FAR:
            ax.plot(*text.xy, "o", markersize=1.6, markeredgewidth=0, color=text.get_color())
            ax.annotate(
                "",
                text.xy,
                xytext=(x, y),
                textcoords="offset points",
                arrowprops={
                    "arrowstyle": "-",
                    "linewidth": 0.4,
                    "color": text.get_color(),
                    "shrinkA": 4,
                    "shrinkB": 0,
                },
                zorder=3,
            ).set_in_layout(False)
