"""Fields that nobody has reported: how likely they have the property, and could be made."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize, to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from unlabelled.plots import style
from unlabelled.plots.placing import place_labels

LABELS = 20  # at most
ALONG = 60  # points of a line between two markers, which no label covers
SIZES = (5.0, 14.0)  # of markers, of many and of few candidates, square points
LIMITS = (2, 98)  # percentiles of the colour scale


@style.styled
def candidates(table: pd.DataFrame, *, quantity: str, unit: str) -> Figure:
    """Draw the probability of candidates against their accessibility, coloured by their value.

    Parameters
    ----------
    table
        Columns of :func:`unlabelled.phase_field.candidates.schema`.
    quantity
        The property.
    unit
        Its unit.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table is empty.
    """
    norm = Normalize(*np.nanpercentile(table["value"], LIMITS))
    size = float(np.clip(3000 / len(table), *SIZES))
    fig = style.figure(style.PAGE, 3.6)
    ax = fig.subplots()
    front = table[table["on_front"]].sort_values(["accessibility", "probability"])
    ax.plot(
        front["accessibility"], front["probability"], color=style.GREY, linewidth=0.8, zorder=1.6
    )
    shades = colormaps["viridis"](np.linspace(*style.VIRIDIS, 256))
    colours = ScalarMappable(norm, ListedColormap(shades))
    for agree in (False, True):
        rows = table[table["agree"] == agree].sort_values("rank", ascending=False)
        edges = [to_hex(colour) for colour in colours.to_rgba(rows["value"].to_numpy(float))]
        ax.scatter(
            rows["accessibility"],
            rows["probability"],
            s=size,
            facecolors=edges if agree else "white",
            edgecolors=edges,
            linewidths=0 if agree else 0.8,
            zorder=3,
        )
    ax.margins(0.07, 0.1)
    ax.set_xlabel("accessibility (share of reported fields of its size that are less likely)")
    ax.set_ylabel("probability of being above the threshold")
    bar = fig.colorbar(colours, ax=ax, extend="both", aspect=30, pad=0.015)
    bar.set_label(f"predicted {style.readable(quantity)} ({unit})")
    bar.outline.set_visible(False)
    handles = [
        Line2D(
            [],
            [],
            linestyle="none",
            marker="o",
            markersize=4,
            color=style.MUTED,
            markerfacecolor=style.MUTED if agree else "white",
            label=label,
        )
        for agree, label in ((True, "value and probability agree"), (False, "disagree"))
        if agree in set(table["agree"])
    ]
    handles.append(Line2D([], [], color=style.GREY, label="Pareto front"))
    style.heading(fig, f"Unreported fields for {style.readable(quantity)}", handles)
    ranked = table.sort_values("rank")
    best = ranked["rank"].to_numpy() == np.arange(1, len(ranked) + 1)
    style.note(
        fig,
        f"The best {best.sum():,} by probability "
        "times accessibility, and all on the front. Named, where there is room: the front, then "
        f"the best of the others. Colour scale from the {LIMITS[0]}nd to the {LIMITS[1]}th "
        "percentile.",
    )
    named = ranked.sort_values("on_front", ascending=False, kind="stable").head(LABELS)
    where = ["accessibility", "probability"]
    place_labels(
        fig,
        ax,
        named[where].to_numpy(float),
        [field.replace(" ", "–") for field in named["field"]],
        obstacles=np.concatenate([table[where].to_numpy(float), _along(front[where])]),
        radius=size**0.5 / 2,
        fontsize=6.5,
    )
    return fig


def _along(corners: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return points along a line through corners."""
    places = corners.to_numpy(float)
    steps = np.linspace(0, len(places) - 1, ALONG * (len(places) - 1) + 1)
    return np.column_stack(
        [np.interp(steps, np.arange(len(places)), column) for column in places.T]
    )
