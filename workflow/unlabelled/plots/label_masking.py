"""Test error against the number of labels."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from unlabelled.plots import style

HEADS = ("ridge", "mlp")  # order of the panels
GOLDEN = 0.6180339887


@style.styled
def mae_boxes(table: pd.DataFrame, *, quantity: str, unit: str) -> Figure:
    """Boxes of the test MAE, one panel per head, one box per arm and number of labels.

    Parameters
    ----------
    table
        Results of one task, columns of :data:`unlabelled.label_masking.schema.RESULTS`.
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
    looks = style.looks(table["arm"])
    numbers = sorted(set(table["n_labels"]))
    fig, axes = _panels(table)
    for ax, head in axes.items():
        rows = table[table["head"] == head]
        for arm, centres, width in _slots(list(looks), len(numbers)):
            colour, _ = looks[arm]
            for n_labels, centre in zip(numbers, centres, strict=True):
                cell = rows[(rows["arm"] == arm) & (rows["n_labels"] == n_labels)]
                if not cell.empty:
                    _box(ax, cell, float(centre), width, colour)
        _label_axis(ax, numbers)
    next(iter(axes)).set_ylabel(f"test MAE ({unit})")
    handles = [
        Patch(facecolor=_tint(colour), edgecolor=colour, label=style.readable(arm))
        for arm, (colour, _) in looks.items()
    ]
    style.heading(
        fig, f"Error in {style.readable(quantity)} of regressors on frozen representations", handles
    )
    cells = table.groupby(["arm", "head", "n_labels"])
    style.note(
        fig,
        "Box: median and quartiles; whiskers: extremes; points: single fits. "
        f"Per box: {style.counted(cells['draw'].nunique(), 'draw')} of the labels × "
        f"{style.counted(cells['arm_seed'].nunique(), 'encoder seed')}. "
        f"Tested on {style.counted(table['n_test'], 'crystal')}.",
    )
    return fig


@style.styled
def paired_differences(table: pd.DataFrame, *, quantity: str, unit: str) -> Figure:
    """Differences in test MAE on the same label subsets, one panel per head.

    Parameters
    ----------
    table
        Paired comparisons of one task, columns of
        :data:`unlabelled.label_masking.schema.PAIRED`; where the interval is missing, the point
        stands alone.
    quantity
        The label in words.
    unit
        Its unit.

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
    looks = style.looks([*table["arm"], *table["reference"]])
    order = list(looks)
    comparisons = sorted(
        set(zip(table["arm"], table["reference"], strict=True)),
        key=lambda pair: (order.index(pair[1]), order.index(pair[0])),
    )
    names = [f"{style.readable(a)} − {style.readable(r)}" for a, r in comparisons]
    numbers = sorted(set(table["n_labels"]))
    fig, axes = _panels(table)
    for ax, head in axes.items():
        ax.axhline(0, color=style.INK, linewidth=0.8, zorder=1.5)
        rows = table[table["head"] == head]
        for name, centres, _ in _slots(names, len(numbers)):
            arm, reference = comparisons[names.index(name)]
            chosen = rows[(rows["arm"] == arm) & (rows["reference"] == reference)]
            chosen = chosen.set_index("n_labels").reindex(numbers)
            ax.vlines(centres, chosen["low"], chosen["high"], color=looks[arm][0], linewidth=1.4)
            ax.plot(
                centres,
                chosen["difference"],
                linestyle="none",
                markersize=4.5,
                markeredgecolor="white",
                markeredgewidth=0.5,
                color=looks[arm][0],
                marker=looks[reference][1],
            )
        _label_axis(ax, numbers)
    first = next(iter(axes))
    first.set_ylabel(f"difference in test MAE ({unit})")
    handles = [
        Line2D(
            [],
            [],
            linestyle="none",
            color=looks[arm][0],
            marker=looks[reference][1],
            markersize=4.5,
            label=name,
        )
        for (arm, reference), name in zip(comparisons, names, strict=True)
    ]
    style.heading(
        fig,
        f"Paired differences in the error in {style.readable(quantity)}: below zero is better",
        handles,
    )
    style.note(
        fig,
        "Below zero, the arm has the smaller error than its reference. Points: mean over "
        f"{style.counted(table['n_draws'], 'shared label subset')}; "
        "bars: bootstrap 95\N{NO-BREAK SPACE}% interval over subsets and encoders "
        "(none below three subsets).",
    )
    return fig


def _panels(table: pd.DataFrame) -> tuple[Figure, dict[Axes, str]]:
    """One panel per head in a row with a common y axis."""
    found = set(table["head"])
    heads = [head for head in HEADS if head in found] + sorted(found - set(HEADS))
    fig = style.figure(style.COLUMN if len(heads) == 1 else style.PAGE, 2.6)
    grid = fig.subplots(1, len(heads), sharey=True, squeeze=False)[0]
    for ax, head in zip(grid, heads, strict=True):
        ax.set_title(style.readable(head))
    style.panel_letters(grid)
    return fig, dict(zip(grid, heads, strict=True))


def _slots(names: list[str], groups: int) -> list[tuple[str, np.ndarray, float]]:
    """Place of every name within the groups 0, 1, ... of the x axis, and its width."""
    pitch = min(0.26, 0.8 / len(names))
    offsets = (np.arange(len(names)) - (len(names) - 1) / 2) * pitch
    return [
        (name, np.arange(groups) + offset, 0.78 * pitch)
        for name, offset in zip(names, offsets, strict=True)
    ]


def _box(ax: Axes, cell: pd.DataFrame, centre: float, width: float, colour: str) -> None:
    line = {"color": colour, "linewidth": 0.9}
    ax.boxplot(
        [cell["mae"].to_numpy()],
        positions=[centre],
        widths=width,
        whis=(0, 100),
        showcaps=False,
        patch_artist=True,
        manage_ticks=False,
        boxprops={"facecolor": _tint(colour), "edgecolor": colour, "linewidth": 0.9},
        medianprops={"color": colour, "linewidth": 1.8},
        whiskerprops=line,
    )
    # spread the points evenly without random numbers
    spread = (np.arange(len(cell)) * GOLDEN) % 1 - 0.5
    ax.scatter(
        centre + 0.7 * width * spread,
        cell.sort_values(["draw", "arm_seed"])["mae"],
        s=5,
        color=colour,
        alpha=0.6,
        linewidths=0,
        zorder=3,
    )


def _tint(colour: str) -> tuple[float, float, float]:
    """Return a light, opaque tint of a colour."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 1 - 0.25 * (1 - red), 1 - 0.25 * (1 - green), 1 - 0.25 * (1 - blue)


def _label_axis(ax: Axes, numbers: list[int]) -> None:
    ax.set_xticks(range(len(numbers)), [f"{n:,}" for n in numbers])
    ax.set_xlim(-0.5, len(numbers) - 0.5)
    ax.set_xlabel("labels shown to the regressor")
    ax.grid(visible=False, axis="x")
    ax.tick_params(axis="x", length=0)
