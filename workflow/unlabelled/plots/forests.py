"""Differences in the test error on the same label subsets, with their intervals."""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from unlabelled.plots import style

MARK = 0.08  # in, pitch of the numbers of labels within a row
GAP = 0.08  # in, between rows
ROW = 0.155  # in, a row of a single marker
LABEL = 0.26  # in, a row with a name of two lines
COLUMNS = 2  # panels beside each other, at most
PERCENTAGES = 22  # points, room for percentages beside a panel
BETTER = "#EFF4F8"  # shade of the side on which the arm is better
INTERVALS = (
    "bars: 95\N{NO-BREAK SPACE}% interval over subsets and encoders (none below three "
    "subsets). Filled: the interval excludes zero."
)

Pair = tuple[str, str]


@style.styled
def paired_differences(table: pd.DataFrame, *, quantity: str, unit: str) -> Figure:
    """Forest plot of the differences in test MAE: a panel per head, a row per comparison.

    Parameters
    ----------
    table
        Comparisons of one task, columns of :data:`unlabelled.label_masking.schema.PAIRED`; rows are
        in the order of the table.
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
    panels = _panels(table)
    pitch = max(MARK * len(colours) + GAP, LABEL)
    columns = min(COLUMNS, len(panels))
    lines = [panels[i : i + columns] for i in range(0, len(panels), columns)]
    rows = [max(len(comparisons) for _, comparisons in line) for line in lines]
    heights = [max(style.LEAST, pitch * n_rows) for n_rows in rows]
    fig = style.figure(style.PAGE, sum(heights) + 0.42 * len(lines) + 0.2)
    grid = fig.subplots(len(lines), columns, squeeze=False, height_ratios=heights)
    axes = list(grid.flat)[: len(panels)]
    cut = ""
    places = zip(axes, panels, np.repeat(rows, columns), strict=False)
    for ax, ((head, reference_head), comparisons), n_rows in places:
        shown = table[(table["head"] == head) & (table["reference_head"] == reference_head)]
        ends = _ends(shown)
        cut = cut or _cut(shown, ends)
        _comparisons(ax, shown, comparisons, colours, pitch, ends)
        ax.set_ylim(n_rows - 0.5, -0.5)
        ax.set_title(_title(head, reference_head))
    _finish(grid, axes, f"difference in MAE ({unit})")
    style.panel_letters(axes)
    style.heading(
        fig,
        f"Paired differences in the error in {style.readable(quantity)}: below zero is better",
        _handles(colours),
    )
    style.note(
        fig,
        "Difference in test MAE, mean over "
        f"{style.counted(table['n_draws'], 'shared label subset')}; {INTERVALS} "
        f"{cut}Percentages: difference relative to the mean of the reference. Every panel has a "
        "scale of its own.",
    )
    return fig


@style.styled
def standing(table: pd.DataFrame, *, quantity: str, unit: str) -> Figure:
    """Forest plot of one method against every other, one panel per number of labels.

    Parameters
    ----------
    table
        Comparisons of one arm and head in one task, columns of
        :data:`unlabelled.label_masking.schema.PAIRED`.
    quantity
        The label in words.
    unit
        Its unit.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`. The strongest of the others are on top.

    Raises
    ------
    ValueError
        If the table is empty or holds several tasks or methods.
    """
    style.one_task(table)
    methods = set(zip(table["arm"], table["head"], strict=True))
    if len(methods) > 1:
        raise ValueError(f"one method is compared with the others, not {sorted(methods)}")
    arm, head = methods.pop()
    colours = style.number_colours(table["n_labels"])
    others = (
        table.groupby(["reference", "reference_head"])["difference"]
        .mean()
        .sort_values(ascending=False)
        .index.to_list()
    )
    columns = min(len(colours), 4)
    lines = math.ceil(len(colours) / columns)
    height = max(style.LEAST, ROW * len(others))
    fig = style.figure(style.PAGE, (height + 0.34) * lines + 0.4)
    grid = fig.subplots(lines, columns, squeeze=False, sharex=True, sharey=True)
    ends = _ends(table)
    panels = list(grid.flat)[: len(colours)]
    names = [style.method(*other) for other in others]
    for ax, (n_labels, colour) in zip(panels, colours.items(), strict=True):
        rows = table[table["n_labels"] == n_labels].set_index(["reference", "reference_head"])
        places = np.array([others.index(other) for other in rows.index], float)
        _zero(ax, ends)
        _intervals(ax, rows, places, colour, ends)
        ax.set_title(f"{n_labels:,} labels")
        ax.set_yticks(range(len(others)), names)
        ax.hlines(range(len(others)), *ends, color=style.GRID, linewidth=0.5, zorder=0.5)
        ax.set_ylim(len(others) - 0.4, -0.6)
    _finish(grid, panels, f"ΔMAE ({unit})")
    style.panel_letters(panels)
    title = (
        f"Error in {style.readable(quantity)} of {style.method(arm, head)}, minus that of every "
        "other method: below zero it is better"
    )
    style.heading(fig, title, [])
    style.note(
        fig,
        f"ΔMAE: difference in test MAE ({unit}), mean over "
        f"{style.counted(table['n_draws'], 'shared label subset')}; {INTERVALS} "
        f"{_cut(table, ends)}Rows by their mean difference.",
    )
    return fig


def _panels(table: pd.DataFrame) -> list[tuple[Pair, list[Pair]]]:
    """Heads (of arm, of reference) and their comparisons (arm, reference).

    In order of the heads, but heads with the same comparisons one after another.
    """
    order = style.heads_in_order([*table["head"], *table["reference_head"]])
    found: dict[Any, list[Pair]] = {
        heads: list(dict.fromkeys(zip(rows["arm"], rows["reference"], strict=True)))
        for heads, rows in table.groupby(["head", "reference_head"], sort=False)
    }
    heads = sorted(found, key=lambda pair: (order.index(pair[0]), order.index(pair[1])))
    sets = [found[pair] for pair in heads]
    return sorted(((pair, found[pair]) for pair in heads), key=lambda panel: sets.index(panel[1]))


def _title(head: str, reference_head: str) -> str:
    """Return the title of a panel: the head, and that of the reference where it is another."""
    other = "" if head == reference_head else f", reference {style.readable(reference_head)}"
    return style.readable(head) + other


def _comparisons(
    ax: Axes,
    table: pd.DataFrame,
    comparisons: list[Pair],
    colours: dict[int, str],
    pitch: float,
    ends: tuple[float, float],
) -> None:
    """One panel of the paired differences."""
    _zero(ax, ends)
    for i, (n_labels, colour) in enumerate(colours.items()):
        rows = table[table["n_labels"] == n_labels]
        offset = (i - (len(colours) - 1) / 2) * MARK / pitch
        pairs = zip(rows["arm"], rows["reference"], strict=True)
        places = np.array([comparisons.index(pair) for pair in pairs], float) + offset
        _intervals(ax, rows, places, colour, ends)
        for place, relative in zip(places, rows["relative"], strict=True):
            ax.annotate(
                f"{100 * relative:+.0f} %".replace("-", "−") if math.isfinite(relative) else "",
                (1, place),
                xycoords=ax.get_yaxis_transform(),
                xytext=(PERCENTAGES, 0),
                textcoords="offset points",
                fontsize=5.5,
                ha="right",
                va="center",
                color=style.MUTED,
            )
    names = [f"{style.readable(a)}\n− {style.readable(b)}" for a, b in comparisons]
    ax.set_yticks(range(len(comparisons)), names, fontsize=7, linespacing=1.1)
    for i in range(1, len(comparisons)):
        ax.axhline(i - 0.5, color=style.GRID, linewidth=0.6)


def _intervals(
    ax: Axes, rows: pd.DataFrame, places: np.ndarray, colour: str, ends: tuple[float, float]
) -> None:
    """Markers with intervals, filled where the interval excludes zero."""
    low, high, middle = (rows[name].to_numpy(float) for name in ("low", "high", "difference"))
    ax.hlines(places, low, high, color=colour, linewidth=1.1, zorder=2)
    clear = (low > 0) | (high < 0)  # not for NaN
    for chosen, face in ((clear, colour), (~clear, "white")):
        ax.plot(
            middle[chosen],
            places[chosen],
            linestyle="none",
            marker="o",
            markersize=3.6,
            markerfacecolor=face,
            markeredgecolor=colour,
            markeredgewidth=0.9,
            zorder=3,
        )
    left, right = ends
    style.beyond(ax, left, places[np.fmin(low, middle) < left], colour)
    style.beyond(ax, right, places[np.fmax(high, middle) > right], colour)


def _ends(table: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the x axis, zero between them."""
    values = table[["low", "high", "difference"]].to_numpy(float).ravel()
    most = style.bound(np.abs(values))
    left, right = max(-most, min(0, np.nanmin(values))), min(most, max(0, np.nanmax(values)))
    margin = 0.05 * (right - left) or 1.0
    return left - margin, right + margin


def _cut(table: pd.DataFrame, ends: tuple[float, float]) -> str:
    """Explain the arrowheads, if there are any."""
    values = table[["low", "high", "difference"]]
    return style.BEYOND if ((values < ends[0]) | (values > ends[1])).any(axis=None) else ""


def _zero(ax: Axes, ends: tuple[float, float]) -> None:
    ax.set_xlim(*ends)
    ax.axvspan(ends[0], 0, color=BETTER, linewidth=0, zorder=0)
    ax.axvline(0, color=style.INK, linewidth=0.7, zorder=1.5)


def _finish(grid: np.ndarray, panels: list[Axes], label: str) -> None:
    """Label the x axes of the lowest panels, and remove those without data."""
    for column in grid.T:
        shown = [ax for ax in column if ax in panels]
        if shown:
            shown[-1].set_xlabel(label)
            shown[-1].tick_params(labelbottom=True)
    for ax in grid.flat:
        if ax in panels:
            ax.xaxis.set_major_locator(MaxNLocator(5 - min(3, grid.shape[1] - 1)))
            ax.tick_params(axis="y", length=0)
            ax.grid(visible=False, axis="y")
            ax.spines["left"].set_visible(False)
        else:
            ax.remove()


def _handles(colours: dict[int, str]) -> list[Line2D]:
    return [
        Line2D([], [], color=colour, marker="o", markersize=3.6, label=f"{n_labels:,} labels")
        for n_labels, colour in colours.items()
    ]
