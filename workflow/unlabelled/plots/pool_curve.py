"""What more crystals without labels buy."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator

from unlabelled.plots import style

COLUMNS = 4
APART = 0.15  # of the axis, least distance of two numbers under it


@style.styled
def pool_curve(table: pd.DataFrame, *, quantity: str, unit: str) -> Figure:
    """Mean test MAE against the number of crystals of pre-training, one panel per head.

    Parameters
    ----------
    table
        Rows of one task, columns of :data:`unlabelled.label_masking.schema.SUMMARY`; encoders
        without pre-training stand at "none".
    quantity
        The label in words, such as "formation energy" or formation_energy.
    unit
        Its unit, such as "eV/atom".

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table is empty or holds several tasks.
    """
    style.one_task(table)
    colours = style.number_colours(table["n_labels"])
    heads = style.heads_in_order(table["head"])
    columns = min(COLUMNS, len(heads))
    lines = math.ceil(len(heads) / columns)
    width = style.COLUMN if columns == 1 else min(style.PAGE, 1.0 + 2.6 * columns)
    fig = style.figure(width, 0.35 + 2.3 * lines)
    grid = fig.subplots(lines, columns, squeeze=False, sharex=True)
    panels = list(grid.flat)[: len(heads)]
    sizes = sorted({int(size) for size in table["n_unlabelled"]})
    for ax, head in zip(panels, heads, strict=True):
        rows = table[table["head"] == head]
        for i, (n_labels, colour) in enumerate(colours.items()):
            # side by side, so that the bars are told apart
            shift = 1 + 0.02 * (i - (len(colours) - 1) / 2)
            _line(ax, rows[rows["n_labels"] == n_labels], sizes, shift, colour)
        ax.set_title(style.readable(head))
        _label_axis(ax, sizes)
    for column in grid.T:
        shown = [ax for ax in column if ax in panels]
        shown[-1].tick_params(labelbottom=True)
        shown[-1].set_xlabel("unlabelled crystals")
    for ax in list(grid.flat)[len(heads) :]:
        ax.remove()
    for line in grid:
        line[0].set_ylabel(f"test MAE ({unit})")
    style.panel_letters(panels)
    handles = [
        Line2D([], [], color=colour, marker="o", markersize=3.6, label=f"{n_labels:,} labels")
        for n_labels, colour in colours.items()
    ]
    style.heading(
        fig,
        f"Error in {style.readable(quantity)} by the number of crystals of pre-training",
        handles,
    )
    style.note(
        fig,
        f"Mean and standard deviation over {style.counted(table['n_draws'], 'draw')} of the labels "
        f"× {style.counted(table['n_encoder_seeds'], 'encoder seed')}. "
        f"Arms: {', '.join(style.readable(arm) for arm in style.appearing(table['arm']))}. "
        "Every panel has a scale of its own.",
    )
    return fig


def _place(size: int, sizes: list[int]) -> float:
    """Place of a number on the logarithmic axis; none stands left of the smallest."""
    known = [other for other in sizes if other]
    return float(size or (known[0] / 2 if known else 1))


def _line(ax: Axes, rows: pd.DataFrame, sizes: list[int], shift: float, colour: str) -> None:
    rows = rows.sort_values("n_unlabelled")
    x = np.array([_place(int(size), sizes) for size in rows["n_unlabelled"]]) * shift
    ax.errorbar(
        x,
        rows["mean"],
        yerr=rows["sd"].fillna(0),
        linestyle="none",
        marker="o",
        markersize=3.6,
        elinewidth=0.7,
        color=colour,
    )
    trained = (rows["n_unlabelled"] > 0).to_numpy()
    ax.plot(x[trained], rows["mean"][trained], color=colour, linewidth=1.3)
    if not trained.all():  # the first step is no step of the axis
        ends = np.flatnonzero(trained)[:1]
        steps = np.append(np.flatnonzero(~trained)[-1:], ends)
        ax.plot(
            x[steps], rows["mean"].iloc[steps], color=colour, linewidth=0.8, linestyle=(0, (2, 2))
        )


def _label_axis(ax: Axes, sizes: list[int]) -> None:
    ax.set_xscale("log")
    places = [_place(size, sizes) for size in sizes]
    span = math.log(places[-1] / places[0]) or 1.0
    known = [size for size in sizes if size]
    shown: list[int] = []
    for size in sizes:
        here = math.log(_place(size, sizes))
        if not shown or here - math.log(_place(shown[-1], sizes)) > APART * span:
            shown.append(size)
    names = [f"{size:,}\n{size / known[0]:.3g}×" if size else "none" for size in shown]
    ax.set_xticks([_place(size, sizes) for size in shown], names)
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(places[0] / math.exp(0.08 * span), places[-1] * math.exp(0.08 * span))
    ax.yaxis.set_major_locator(MaxNLocator(5))
