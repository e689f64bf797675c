"""Leave-one-cluster-out cross-validation beside random folds."""

import math

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from unlabelled.plots import style

COLUMNS = 3
_MARKERS = ("o", "s", "D", "^", "v", "P")


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
    fig = style.figure(style.PAGE, lines * (0.65 + 0.27 * len(representations)))
    grid = fig.subplots(lines, columns, squeeze=False, sharey=True)
    panels = list(grid.flat)[: len(quantities)]
    for ax, quantity in zip(panels, quantities, strict=True):
        for i, (kind, colour) in enumerate(colours.items()):
            rows = table[(table["property"] == quantity) & (table["folds"] == kind)]
            rows = rows.set_index("representation").reindex(representations)
            places = [j + 0.7 * ((i + 0.5) / len(folds) - 0.5) for j in range(len(rows))]
            ax.errorbar(
                rows["score"],
                places,
                xerr=[rows["score"] - rows["low"], rows["high"] - rows["score"]],
                linestyle="none",
                marker=_MARKERS[i % len(_MARKERS)],
                markersize=3.4,
                elinewidth=0.8,
                color=colour,
            )
        ax.set_title(style.readable(quantity))
        ax.set_xlabel(scores[quantity])
        ax.set_yticks(range(len(representations)), [style.readable(r) for r in representations])
        ax.set_ylim(len(representations) - 0.5, -0.5)
    for ax in list(grid.flat)[len(quantities) :]:
        ax.remove()
    style.panel_letters(panels)
    handles = [
        Line2D(
            [],
            [],
            color=colour,
            marker=_MARKERS[i % len(_MARKERS)],
            markersize=3.4,
            linestyle="none",
            label="random folds" if kind == "random" else f"clusters: {style.readable(kind)}",
        )
        for i, (kind, colour) in enumerate(colours.items())
    ]
    style.heading(fig, "Random forests tested on clusters they have not seen", handles)
    style.note(
        fig,
        "Mean over folds, then over numbers of clusters, as in the study; bars: 95 % intervals of "
        f"{style.counted(table['seeds'], 'seed')} of clusters, folds and forests. The model always "
        "sees the representation as it is; the kernel decides the folds alone.",
    )
    return fig
