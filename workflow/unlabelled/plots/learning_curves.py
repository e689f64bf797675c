"""Test error of all methods against the number of labels."""

from collections.abc import Collection, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter, NullLocator, ScalarFormatter

from unlabelled.plots import style

LABEL = 0.122  # in, height of a label
HEIGHT = 3.2  # in, of the axis, at least
DASHES = ((0, (4, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (2.5, 1)))
GREYS = ("#8A8A8A", "#5E5E5E", "#A8A8A8", "#404040")


@style.styled
def learning_curves(
    table: pd.DataFrame,
    *,
    quantity: str,
    unit: str,
    highlight: Collection[str] = (),
    baselines: Collection[str] = (),
) -> Figure:
    """Median test MAE against the number of labels, one line per method (arm and head).

    Parameters
    ----------
    table
        Results of one task, columns of :data:`unlabelled.label_masking.schema.RESULTS`.
    quantity
        The label in words, such as "formation energy" or formation_energy.
    unit
        Its unit, such as "eV/atom".
    highlight
        Arms drawn thick, with a band between the quartiles.
    baselines
        Arms drawn grey and dashed: those without pre-training.

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
    curves = {
        cast("tuple[str, str]", method): rows.groupby("n_labels")["mae"].describe()
        for method, rows in table.groupby(["arm", "head"])
    }
    fig = style.figure(style.PAGE, max(HEIGHT, LABEL * (len(curves) + 1)) + 0.5)
    ax = fig.subplots()
    looks = _looks(list(curves), highlight, baselines)
    for method, curve in curves.items():
        ax.plot(curve.index, curve["50%"], **looks[method])
        if method[0] in highlight:
            ax.fill_between(
                curve.index,
                curve["25%"],
                curve["75%"],
                color=looks[method]["color"],
                alpha=0.15,
                linewidth=0,
                zorder=1.5,
            )
    _axes(ax, sorted(set(table["n_labels"])), pd.concat(curves)["50%"])
    ax.set_ylabel(f"median test MAE ({unit})")
    style.heading(fig, f"Error in {style.readable(quantity)} of all methods", [])
    cells = table.groupby(["arm", "head", "n_labels"])
    style.note(
        fig,
        f"Median over {style.counted(cells['draw'].nunique(), 'draw')} of the labels × "
        f"{style.counted(cells['arm_seed'].nunique(), 'encoder seed')}. "
        + ("Band: quartiles. " if set(highlight) & set(table["arm"]) else "")
        + ("Dashed: without pre-training. " if set(baselines) & set(table["arm"]) else "")
        + f"Tested on {style.counted(table['n_test'], 'crystal')}.",
    )
    _name_lines(fig, ax, curves, looks)
    return fig


def spread(wanted: Sequence[float], gap: float, high: float) -> list[float]:
    """Return the places in [0, high] nearest to those wanted, in their order, `gap` apart.

    Parameters
    ----------
    wanted
        Increasing places.
    gap
        Least distance of neighbours.
    high
        Largest place; where there is not room enough, the places exceed it.

    Returns
    -------
    list of float
        The places with the least squared distances from those wanted (isotonic regression).
    """
    blocks: list[list[float]] = []  # places after their gaps are taken off; means increase
    for i, place in enumerate(wanted):
        blocks.append([place - i * gap])
        while len(blocks) > 1 and np.mean(blocks[-2]) >= np.mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    flat = [float(np.mean(block)) for block in blocks for _ in block]
    top = max(0.0, high - (len(flat) - 1) * gap)
    return [min(max(place, 0.0), top) + i * gap for i, place in enumerate(flat)]


def _looks(
    methods: list[tuple[str, str]], highlight: Collection[str], baselines: Collection[str]
) -> dict[tuple[str, str], dict[str, Any]]:
    """How the line of every method is drawn."""
    colours = style.looks({arm for arm, _ in methods if arm not in baselines})
    heads = style.heads_in_order(head for _, head in methods)
    looks: dict[tuple[str, str], dict[str, Any]] = {}
    grey = 0
    for arm, head in methods:
        if arm in baselines and arm not in highlight:
            looks[arm, head] = {
                "color": GREYS[grey % len(GREYS)],
                "linestyle": DASHES[(grey // 2) % len(DASHES)],
                "linewidth": 0.9,
                "zorder": 2,
            }
            grey += 1
            continue
        thick = arm in highlight
        looks[arm, head] = {
            "color": colours[arm][0] if arm in colours else style.INK,
            "linestyle": "-",
            "linewidth": 2.4 if thick else 1.1,
            "marker": "os^Dvx<>P"[heads.index(head) % 9],
            "markersize": 4.5 if thick else 3.2,
            "zorder": 3 if thick else 2.5,
        }
    return looks


def _axes(ax: Axes, numbers: list[int], medians: "pd.Series[float]") -> None:
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_ylim(0.94 * medians.min(), 1.05 * style.bound(medians))
    ax.set_xticks(numbers, [f"{n:,}" for n in numbers])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_locator(MaxNLocator(6))
    ax.yaxis.set_major_formatter(ScalarFormatter())
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("labels shown to the regressor")


def _name_lines(
    fig: Figure,
    ax: Axes,
    curves: dict[tuple[str, str], pd.DataFrame],
    looks: dict[tuple[str, str], dict[str, Any]],
) -> None:
    """Write the methods right of the axis, where their lines end but without overlaps."""
    low, high = np.log(ax.get_ylim())

    def height(value: float) -> float:  # of the axis
        return float(np.clip((np.log(value) - low) / (high - low), 0, 1))

    order = sorted(curves, key=lambda method: curves[method]["50%"].iloc[-1])
    last = max(curve.index[-1] for curve in curves.values())
    notes = []
    for method in order:
        end = curves[method]["50%"]
        colour, line = looks[method]["color"], looks[method]["linewidth"]
        notes.append(
            ax.annotate(
                style.method(*method),
                (end.index[-1], np.exp(low + height(end.iloc[-1]) * (high - low))),
                xytext=(1.05, 0.5),
                textcoords="axes fraction",
                va="center",
                fontsize=7,
                color=colour,
                fontweight="bold" if line > 2 else "normal",
                arrowprops={
                    "arrowstyle": "-",
                    "color": colour,
                    "linewidth": 0.4,
                    "alpha": 0.7 if end.index[-1] == last else 0.35,
                    "shrinkA": 1,
                    "shrinkB": 2,
                    "relpos": (0, 0.5),
                },
            )
        )
    fig.draw_without_rendering()  # the height of the axis is known only now
    room = ax.get_window_extent().height / fig.dpi
    wanted = [height(curves[method]["50%"].iloc[-1]) * room for method in order]
    for note, place in zip(notes, spread(wanted, LABEL, room), strict=True):
        note.set_position((1.05, place / room))
