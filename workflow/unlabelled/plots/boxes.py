"""Box plots of the test error: frozen representations, and starts of fine-tuning."""

from collections.abc import Mapping
from typing import cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from unlabelled.plots import style

BOX = 0.068  # in, pitch of the boxes of a row
GAP = 0.075  # in, between rows
START = 0.23  # in, height of a start
PANELS = 4  # at most, beside each other
GOLDEN = 0.6180339887
SCRATCH = "scratch"


@style.styled
def representation_boxes(table: pd.DataFrame, *, units: Mapping[str, str]) -> Figure:
    """Boxes of the test MAE, one panel per task, one row per method, one box per number of labels.

    The x axis runs from large errors to small ones, as in the study.

    Parameters
    ----------
    table
        Columns of :data:`unlabelled.label_masking.schema.RESULTS`, any number of tasks; rows of the
        figure are in the order of the table, heads of an arm together.
    units
        Unit of every task's label, such as "eV/atom".

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table is empty.
    """
    colours = style.number_colours(table["n_labels"])
    tasks = {task: table[table["task"] == task] for task in style.appearing(table["task"])}
    methods = {task: _methods(rows) for task, rows in tasks.items()}
    # in, of the rows of a panel
    pitches = {task: BOX * rows["n_labels"].nunique() + GAP for task, rows in tasks.items()}
    heights = [max(style.LEAST, pitches[task] * len(methods[task])) for task in tasks]
    fig = style.figure(style.PAGE, sum(heights) + 0.66 * len(tasks))
    grid = fig.subplots(len(tasks), 1, squeeze=False, height_ratios=heights)[:, 0]
    cut = False
    for ax, (task, rows) in zip(grid, tasks.items(), strict=True):
        numbers = sorted(set(rows["n_labels"]))
        box = BOX / pitches[task]
        end = style.bound(rows["mae"], 2)
        margin = 0.02 * (end - rows["mae"].min())
        ax.set_xlim(end + margin, rows["mae"].min() - margin)
        for key, cell in rows.groupby(["arm", "head", "n_labels"]):
            arm, head, n_labels = cast("tuple[str, str, int]", key)
            offset = (numbers.index(n_labels) - (len(numbers) - 1) / 2) * box
            place = methods[task].index((arm, head)) + offset
            _box(ax, cell["mae"].to_numpy(), place, 0.74 * box, colours[n_labels])
            if cell["mae"].max() > end + margin:
                style.beyond(ax, end + margin, [place], colours[n_labels])
                cut = True
        ax.set_title(style.readable(task))
        ax.set_xlabel(f"test MAE ({units[task]}); better to the right")
        ax.set_ylim(len(methods[task]) - 0.5, -0.5)
        ax.grid(visible=False, axis="y")
        _label_methods(ax, methods[task])
    style.panel_letters(grid)
    handles = [
        Patch(facecolor=style.tint(colour), edgecolor=colour, label=f"{n_labels:,} labels")
        for n_labels, colour in colours.items()
    ]
    style.heading(fig, "Error of regressors on frozen representations", handles)
    style.note(
        fig,
        "Box: median and quartiles; whiskers: extremes. "
        + (style.BEYOND if cut else "")
        + _counts(table, "encoder"),
    )
    return fig


@style.styled
def transfer_boxes(table: pd.DataFrame, *, units: Mapping[str, str]) -> Figure:
    """Boxes of the test MAE of fine-tuned encoders, with all fits as points.

    One row of panels per task, one panel per number of labels, one box per start.

    Parameters
    ----------
    table
        Columns of :data:`unlabelled.label_masking.schema.RESULTS`, any number of tasks; the arm is
        the start, and starts are in the order of the table.
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
    looks = style.looks(table["arm"])
    tasks = {task: table[table["task"] == task] for task in style.appearing(table["task"])}
    numbers = {task: sorted(set(rows["n_labels"])) for task, rows in tasks.items()}
    columns = min(PANELS, max(map(len, numbers.values())))
    lines = [
        (task, numbers[task][i : i + columns])
        for task in tasks
        for i in range(0, len(numbers[task]), columns)
    ]
    starts = {task: style.appearing(rows["arm"]) for task, rows in tasks.items()}
    heights = [max(style.LEAST, START * len(starts[task])) for task, _ in lines]
    width = style.PAGE if columns > 1 else style.COLUMN
    fig = style.figure(width, sum(heights) + 0.83 * len(lines))
    grid = fig.subplots(len(lines), columns, squeeze=False, height_ratios=heights)
    panels: list[Axes] = []
    for line, (task, shown) in zip(grid, lines, strict=True):
        for ax, n_labels in zip(line, shown, strict=False):
            rows = tasks[task]
            _starts(ax, rows[rows["n_labels"] == n_labels], starts[task], looks)
            ax.set_title(f"{n_labels:,} labels")
            ax.set_xlabel(f"test MAE ({units[task]})")
            ax.tick_params(labelleft=ax is line[0])
            panels.append(ax)
        style.line_heading(line[0], style.readable(task))
    for ax in grid.flat:
        if ax not in panels:
            ax.remove()
    style.panel_letters(panels)
    style.heading(fig, "Error of fine-tuned encoders, by what they started from", [])
    reference = "Dashed: median from scratch. " if SCRATCH in looks else ""
    style.note(
        fig,
        "Box: median and quartiles; whiskers: extremes; points: single fits. "
        f"{reference}Every panel has a scale of its own. " + _counts(table, "encoder"),
    )
    return fig


def _starts(
    ax: Axes, rows: pd.DataFrame, starts: list[str], looks: dict[str, tuple[str, str]]
) -> None:
    """One panel of the transfer figure."""
    reference = rows.loc[rows["arm"] == SCRATCH, "mae"]
    if not reference.empty:
        ax.axvline(reference.median(), color=style.MUTED, linewidth=0.7, linestyle=(0, (3, 2)))
    for i, start in enumerate(starts):
        cell = rows[rows["arm"] == start].sort_values(["draw", "arm_seed"])
        if cell.empty:
            continue
        colour, _ = looks[start]
        _box(ax, cell["mae"].to_numpy(), i, 0.56, colour)
        # spread the points evenly without random numbers
        spread = (np.arange(len(cell)) * GOLDEN) % 1 - 0.5
        ax.scatter(cell["mae"], i + 0.4 * spread, s=5, color=colour, linewidths=0, zorder=3)
    ax.set_yticks(range(len(starts)), [style.readable(start) for start in starts])
    ax.set_ylim(len(starts) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    ax.xaxis.set_major_locator(MaxNLocator(4))


def _methods(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """Arms and heads in the order of the table, the heads of an arm together."""
    return [
        (arm, head)
        for arm in style.appearing(rows["arm"])
        for head in style.appearing(rows.loc[rows["arm"] == arm, "head"])
    ]


def _label_methods(ax: Axes, methods: list[tuple[str, str]]) -> None:
    """Name the rows: heads beside the axis, arms left of them, with lines between the arms."""
    heads = [style.readable(head) for _, head in methods]
    arms = [arm for arm, _ in methods]
    room = 72 * style.TEXT_EM * max(len(head) for head in heads) + 14  # points
    ax.set_yticks(range(len(methods)), heads)
    ax.tick_params(axis="y", length=0, labelcolor=style.MUTED)
    for arm in dict.fromkeys(arms):
        rows = [i for i, other in enumerate(arms) if other == arm]
        ax.annotate(
            style.readable(arm),
            (0, float(np.mean(rows))),
            xycoords=("axes fraction", "data"),
            xytext=(-room, 0),
            textcoords="offset points",
            ha="right",
            va="center",
        )
        if rows[-1] + 1 < len(arms):
            ax.axhline(rows[-1] + 0.5, color=style.GREY, linewidth=0.5)
    # the lines go on between the names
    breaks = [i - 0.5 for i in range(1, len(arms)) if arms[i] != arms[i - 1]]
    longest = max(len(style.readable(arm)) for arm in arms)
    ax.set_yticks(breaks, minor=True)
    ax.tick_params(
        axis="y",
        which="minor",
        length=room + 72 * style.TEXT_EM * longest,
        width=0.5,
        color=style.GREY,
    )


def _box(ax: Axes, values: np.ndarray, place: float, width: float, colour: str) -> None:
    ax.boxplot(
        [values],
        positions=[place],
        widths=width,
        orientation="horizontal",
        whis=(0, 100),
        showcaps=False,
        patch_artist=True,
        manage_ticks=False,
        boxprops={"facecolor": style.tint(colour), "edgecolor": colour, "linewidth": 0.7},
        medianprops={"color": colour, "linewidth": 1.6, "solid_capstyle": "butt"},
        whiskerprops={"color": colour, "linewidth": 0.7},
    )


def _counts(table: pd.DataFrame, what: str) -> str:
    """How many fits a box shows."""
    cells = table.groupby(["task", "arm", "head", "n_labels"])
    tested = table.groupby("task", sort=False)["n_test"].first()
    return (
        f"Per box: {style.counted(cells['draw'].nunique(), 'draw')} of the labels × "
        f"{style.counted(cells['arm_seed'].nunique(), what)}. "
        f"Tested on {style.counted(tested, 'crystal')}."
    )
