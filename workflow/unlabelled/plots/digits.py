"""Isotropy of learnt embeddings of digits."""

import textwrap
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, NullLocator

from unlabelled.plots import style

PANEL = 1.3  # in, height
NAME = 16  # characters of a line along it
WIDE = 10  # a positive quantity that varies by so many times has a logarithmic axis
ACCURACY = "lda_accuracy"
CHANCE = style.tint(style.GREY)
LOOKS: dict[str, dict[str, Any]] = {
    "untrained": {"color": style.INK, "marker": "o", "linestyle": (0, (2, 1.2))},
    "autoencoder": {"color": style.OKABE_ITO[0], "marker": "s"},
    "classifier": {"color": style.OKABE_ITO[1], "marker": "D"},
}


@style.styled
def curves(table: pd.DataFrame) -> Figure:
    """Draw every measure of the classes against the size of the embedding, and against the epoch.

    Parameters
    ----------
    table
        Columns of :data:`unlabelled.isotropy.digits_table.DIGITS`. Shown are the corrected
        measures, after the last epoch and untrained; against the epoch for the size in the middle.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table is empty.
    """
    rows = table[(table["grouping"] == "class") & (table["implementation"] == "corrected")]
    measures = style.appearing(rows["measure"])
    sizes = sorted(set(rows["size"]))
    size, last = sizes[len(sizes) // 2], rows["epoch"].max()
    # both networks are untrained the same
    untrained = rows[rows["epoch"] == 0].drop_duplicates(["size", "seed", "measure"])
    by_size = pd.concat(
        [untrained.assign(network="untrained"), rows[rows["epoch"] == last]], ignore_index=True
    )
    by_epoch = rows[rows["size"] == size]
    fig = style.figure(style.PAGE, 0.3 + PANEL * (len(measures) + 1))
    grid = fig.subplots(len(measures) + 1, 2, sharex="col", sharey="row", squeeze=False)
    for (left, right), measure in zip(grid, measures, strict=False):
        for ax, part, x in ((left, by_size, "size"), (right, by_epoch, "epoch")):
            shown = part[part["measure"] == measure]
            _null(ax, shown, x)
            _lines(ax, shown, x, "value")
        left.set_ylabel(textwrap.fill(style.readable(measure), NAME))
        drawn = rows.loc[rows["measure"] == measure, ["value", "null_mean"]]
        _scale(left, drawn.to_numpy())
    for ax, part, x in zip(grid[-1], (by_size, by_epoch), ("size", "epoch"), strict=True):
        _lines(ax, part[part["measure"] == measures[0]], x, ACCURACY)
    grid[-1][0].set_ylabel("accuracy")
    grid[0][0].set_title(f"after {style.counted([last], 'epoch')}")
    grid[0][1].set_title(f"embeddings of size {size}")
    style.panel_letters(grid[0])
    _ticks(grid[-1][0], sizes)
    _ticks(grid[-1][1], sorted(set(rows["epoch"])))
    grid[-1][0].set_xlabel("size of the embedding")
    grid[-1][1].set_xlabel("epoch")
    handles = [Line2D([], [], label=name, markersize=3.6, **look) for name, look in LOOKS.items()]
    chance = Patch(color=CHANCE, label="isotropic clusters of these sizes")
    style.heading(fig, "Isotropy of the classes in embeddings of digits", [*handles, chance])
    seeds = by_size.groupby(["network", "size"])["seed"].nunique()
    style.note(
        fig,
        f"Lines: mean over {style.counted(seeds, 'seed')}; bars: lowest and highest. Grey: mean "
        "and two standard deviations of isotropic Gaussian clusters. Accuracy: of linear "
        "discriminants on the embeddings, for digits that were not trained on.",
    )
    return fig


def _lines(ax: Axes, rows: pd.DataFrame, x: str, y: str) -> None:
    """One line per network, with bars over the seeds."""
    for network, part in rows.groupby("network"):
        spread = part.groupby(x)[y].agg(["mean", "min", "max"])
        ax.errorbar(
            spread.index,
            spread["mean"],
            yerr=[spread["mean"] - spread["min"], spread["max"] - spread["mean"]],
            markersize=3.6,
            elinewidth=0.7,
            **LOOKS[cast("str", network)],
        )


def _null(ax: Axes, rows: pd.DataFrame, x: str) -> None:
    """Band of isotropic clusters."""
    chance = rows.groupby(x)[["null_mean", "null_sd"]].mean()
    ax.fill_between(
        chance.index,
        chance["null_mean"] - 2 * chance["null_sd"],
        chance["null_mean"] + 2 * chance["null_sd"],
        color=CHANCE,
        zorder=1.5,
    )
    ax.plot(chance.index, chance["null_mean"], color=style.GREY, linewidth=0.8, zorder=1.6)


def _scale(ax: Axes, values: npt.NDArray[np.float64]) -> None:
    found = values[np.isfinite(values)]
    if found.min() > 0 and found.max() > WIDE * found.min():
        ax.set_yscale("log")
    else:
        ax.yaxis.set_major_locator(MaxNLocator(4))


def _ticks(ax: Axes, places: Sequence[int]) -> None:
    """Name all places of an axis on which every doubling is as wide as the step from 0 to 1."""
    ax.set_xscale("symlog", base=2, linthresh=1, linscale=0.5)
    ax.set_xticks(places, [str(place) for place in places])
    ax.xaxis.set_minor_locator(NullLocator())
