"""Course of the pre-training."""

import math
from typing import Any, cast

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from unlabelled.plots import style

UNITS = {  # in the order of the panels
    "local_dim": "nats",
    "local_kl": "nats",
    "global_dim": "nats",
    "global_kl": "nats",
    "dim": "nats",
    "crystals_per_second": "1/s",
    "probe_mae": "label s.d.",
}
PARTS: dict[str, dict[str, Any]] = {
    "train": {"linestyle": (0, (2, 1.2)), "linewidth": 0.8, "alpha": 0.75},
    "validation": {"linestyle": "-", "linewidth": 1.3, "alpha": 1.0},
}


@style.styled
def curves(table: pd.DataFrame) -> Figure:
    """Losses against the epoch, one panel per quantity, one line per variant, seed and part.

    Parameters
    ----------
    table
        Columns of :data:`unlabelled.infomax.history.SCHEMA`.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table is empty or has another part or quantity.
    """
    parts = [part for part in PARTS if part in set(table["part"])]
    if set(table["part"]) - set(parts):
        raise ValueError(f"parts are {', '.join(PARTS)}, not {sorted(set(table['part']))}")
    found = set(table["quantity"])
    quantities = [quantity for quantity in UNITS if quantity in found]
    if found - set(quantities):
        raise ValueError(f"quantities are {', '.join(UNITS)}, not {sorted(found)}")
    looks = style.looks(table["variant"])
    columns = min(3, len(quantities))
    rows = math.ceil(len(quantities) / columns)
    fig = style.figure(style.COLUMN if columns == 1 else style.PAGE, 0.2 + 1.65 * rows)
    grid = fig.subplots(rows, columns, sharex=True, squeeze=False)
    panels = list(grid.flat)[: len(quantities)]
    for ax, quantity in zip(panels, quantities, strict=True):
        _panel(ax, table[table["quantity"] == quantity], looks)
        ax.set_title(f"{style.readable(quantity)} ({UNITS[quantity]})")
    style.panel_letters(panels)
    for column in range(columns):
        lowest = [ax for ax in grid[:, column] if ax in panels][-1]
        lowest.set_xlabel("epoch")
        lowest.tick_params(labelbottom=True)
    for ax in list(grid.flat)[len(quantities) :]:
        ax.remove()
    handles = [
        Line2D([], [], color=colour, linewidth=2, label=style.readable(variant))
        for variant, (colour, _) in looks.items()
    ]
    handles += [Line2D([], [], color=style.INK, label=part, **PARTS[part]) for part in parts]
    style.heading(fig, "Course of the pre-training", handles)
    seeds = table.groupby("variant")["seed"].nunique()
    style.note(fig, f"One line per encoder: {style.counted(seeds, 'seed')} per variant.")
    return fig


def _panel(ax: Axes, table: pd.DataFrame, looks: dict[str, tuple[str, str]]) -> None:
    for group, line in table.sort_values("epoch").groupby(["variant", "seed", "part"]):
        variant, _, part = cast("tuple[str, int, str]", group)
        # a run of a single epoch has no line to see
        marker = "." if len(line) == 1 else ""
        ax.plot(line["epoch"], line["value"], color=looks[variant][0], marker=marker, **PARTS[part])
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.yaxis.set_major_locator(MaxNLocator(5))
