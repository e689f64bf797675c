"""Leave-one-cluster-out cross-validation beside random folds."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from unlabelled.plots import style

COLUMNS = 3
LEAST = -1.0  # score shown
_MARKERS = ("o", "s", "D", "^", "v", "P")
_FOLDS = {"random": "random folds", "none": "clusters, no kernel"}


@style.styled
def loco(table: pd.DataFrame, *, scores: dict[str, str]) -> Figure:
    """Draw the score of every representation and kind of folds, one panel per property.

    Parameters
    ----------
    table
        Columns of :data:`unlabelled.clustering.loco.SUMMARY`.
    scores
        Name of the score of every property.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table is empty.
    """
    quantities, representations, folds = (
        style.appearing(table[column]) for column in ("property", "representation", "folds")
    )
    folds.sort(key=lambda name: name != "random")
    colours = dict(zip(folds, (style.GREY, *style.OKABE_ITO), strict=False))
    columns = min(COLUMNS, len(quantities))
    lines = math.ceil(len(quantities) / columns)
    fig = style.figure(style.PAGE, lines * (0.75 + 0.3 * len(representations)))
    grid = fig.subplots(lines, columns, squeeze=False, sharey=True)
    panels = list(grid.flat)[: len(quantities)]
    outside: dict[Axes, list[tuple[str, list[float]]]] = {ax: [] for ax in panels}
    for ax, quantity in zip(panels, quantities, strict=True):
        for i, (kind, colour) in enumerate(colours.items()):
            rows = table[(table["property"] == quantity) & (table["folds"] == kind)]
            rows = rows.set_index("representation").reindex(representations)
            places = [j + 0.7 * ((i + 0.5) / len(folds) - 0.5) for j in range(len(rows))]
            marker = _MARKERS[i % len(_MARKERS)]
            shown = rows["score"].where(rows["score"] >= LEAST)
            low = rows["low"].clip(LEAST)
            ax.hlines(places, low, rows["high"].clip(LEAST, 1), color=colour, linewidth=0.8)
            ax.plot(shown, places, marker, markersize=3.6, color=colour)
            below = [place for place, ends in zip(places, rows["low"] < LEAST, strict=True) if ends]
            outside[ax] += [(colour, below)]
        ax.set_title(style.readable(quantity))
        ax.set_xlabel(scores[quantity])
        ax.set_yticks(range(len(representations)), [style.readable(r) for r in representations])
        ax.set_ylim(len(representations) - 0.5, -0.5)
    for ax in list(grid.flat)[len(quantities) :]:
        ax.remove()
    for ax, arrows in outside.items():
        left = ax.get_xlim()[0]
        ax.set_xlim(left, 1)
        for colour, places in arrows:
            style.beyond(ax, left, places, colour)
    style.panel_letters(panels)
    handles = [
        Line2D(
            [],
            [],
            color=colour,
            marker=_MARKERS[i % len(_MARKERS)],
            markersize=3.4,
            linestyle="none",
            label=_FOLDS.get(kind, f"clusters under {style.readable(kind)}"),
        )
        for i, (kind, colour) in enumerate(colours.items())
    ]
    style.heading(fig, "Random forests tested on clusters they have not seen", handles)
    style.note(
        fig,
        style.BEYOND
        * any(places for arrows in outside.values() for _, places in arrows)
        + "Mean over folds, then over numbers of clusters, as in the study; bars: 95 % intervals "
        f"over {style.counted(table['seeds'], 'seed')}. The model always sees "
        "the representation as it is; the kernel decides the folds alone.",
    )
    return fig
