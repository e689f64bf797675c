"""Differences in the test error on the same label subsets, with their intervals."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from unlabelled.plots import style

MARK = 0.083  # in, pitch of the numbers of labels within a row
GAP = 0.08  # in, between rows
ROW = 0.155  # in, a row of a single marker
COLUMNS = 3  # panels beside each other, at most
BETTER = "#EFF4F8"  # shade of the side on which the arm is better
INTERVALS = (
    "bars: bootstrap 95\N{NO-BREAK SPACE}% interval over subsets and encoders (none below three "
    "subsets). Filled: the interval excludes zero."
)


@style.styled
def paired_differences(table: pd.DataFrame, *, quantity: str, unit: str) -> Figure:
    """Forest plot of the differences in test MAE: rows of panels by reference, columns by head.

    Parameters
    ----------
    table
        Comparisons of one task, columns of :data:`unlabelled.label_masking.schema.PAIRED`; arms and
        references are in the order of the table.
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
    facets = _facets(table)
    arms = {
        reference: style.appearing(table.loc[table["reference"] == reference, "arm"])
        for reference in facets
    }
    titles = {pair: _title(*pair) for pairs in facets.values() for pair in pairs}
    room = style.PAGE - style.TEXT_EM * max(len(arm) for arm in table["arm"])
    columns = min(
        style.columns(titles.values(), room, COLUMNS), max(len(pairs) for pairs in facets.values())
    )
    lines = [
        (reference, pairs[i : i + columns])
        for reference, pairs in facets.items()
        for i in range(0, len(pairs), columns)
    ]
    pitch = MARK * len(colours) + GAP
    heights = [max(style.LEAST, pitch * len(arms[reference])) for reference, _ in lines]
    fig = style.figure(style.PAGE, sum(heights) + 0.46 * len(lines) + 0.4)
    grid = fig.subplots(len(lines), columns, squeeze=False, height_ratios=heights, sharex=True)
    ends = _ends(table)
    panels = []
    for line, (reference, pairs) in zip(grid, lines, strict=True):
        for ax, (head, reference_head) in zip(line, pairs, strict=False):
            rows = table[
                (table["reference"] == reference)
                & (table["head"] == head)
                & (table["reference_head"] == reference_head)
            ]
            _arms(ax, rows, arms[reference], colours, pitch, ends)
            ax.set_title(titles[head, reference_head])
            ax.tick_params(labelleft=ax is line[0])
            panels.append(ax)
        style.line_heading(line[0], f"against {style.readable(reference)}")
    _finish(grid, panels, f"difference in MAE ({unit})" if columns < 3 else f"ΔMAE ({unit})")
    style.panel_letters(panels)
    style.heading(
        fig,
        f"Paired differences in the error in {style.readable(quantity)}: below zero is better",
        _handles(colours),
    )
    style.note(
        fig,
        "Difference in test MAE, mean over "
        f"{style.counted(table['n_draws'], 'shared label subset')}; {INTERVALS} "
        f"{_cut(table, ends)}Percentages: difference relative to the mean of the reference.",
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


def _facets(table: pd.DataFrame) -> dict[str, list[tuple[str, str]]]:
    """Heads (of arm, of reference) that every reference is compared with, in order."""
    facets: dict[str, list[tuple[str, str]]] = {}
    for reference in style.appearing(table["reference"]):
        rows = table[table["reference"] == reference]
        order = style.heads_in_order([*rows["head"], *rows["reference_head"]])
        facets[reference] = sorted(
            set(zip(rows["head"], rows["reference_head"], strict=True)),
            key=lambda pair: (order.index(pair[0]), order.index(pair[1])),
        )
    return facets


def _title(head: str, reference_head: str) -> str:
    """Return the title of a panel: the head, and that of the reference where it is another."""
    other = "" if head == reference_head else f", reference {style.readable(reference_head)}"
    return style.readable(head) + other


def _arms(
    ax: Axes,
    table: pd.DataFrame,
    arms: list[str],
    colours: dict[int, str],
    pitch: float,
    ends: tuple[float, float],
) -> None:
    """One panel of the paired differences."""
    _zero(ax, ends)
    for i, (n_labels, colour) in enumerate(colours.items()):
        rows = table[table["n_labels"] == n_labels]
        offset = (i - (len(colours) - 1) / 2) * MARK / pitch
        places = np.array([arms.index(arm) for arm in rows["arm"]], float) + offset
        _intervals(ax, rows, places, colour, ends)
        for place, relative in zip(places, rows["relative"], strict=True):
            ax.text(
                1.015,
                place,
                f"{100 * relative:+.0f} %".replace("-", "−") if math.isfinite(relative) else "",
                transform=ax.get_yaxis_transform(),
                fontsize=5.5,
                va="center",
                color=style.MUTED,
            )
    ax.set_yticks(range(len(arms)), [style.readable(arm) for arm in arms])
    ax.set_ylim(len(arms) - 0.5, -0.5)
    for i in range(1, len(arms)):
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
