"""Whether scores of accessibility find reported fields among unreported ones."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from unlabelled.plots import style

SPREAD = 0.7  # of the room of a size that its markers take
COLOURS = (*style.OKABE_ITO[:6], style.GREY)
MARKERS = ("o", "s", "D", "^", "v", "P", "X")
_NEGATIVES = {"uniform": "elements at random", "frequency": "elements as frequent as reported"}


@style.styled
def retrieval(table: pd.DataFrame) -> Figure:
    """Draw the area under the ROC curve of every score by size, one panel per kind of negatives.

    Parameters
    ----------
    table
        Columns of :data:`unlabelled.phase_field.retrieval.SCHEMA`.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table has no areas.
    """
    rows = table[table["metric"] == "auc"]
    if rows.empty:
        raise ValueError("nothing to draw: the table holds no areas under ROC curves")
    kinds, scorers = (style.appearing(rows[column]) for column in ("negatives", "scorer"))
    sizes = sorted({int(size) for size in rows["n_elements"]})
    looks = dict(zip(scorers, zip(COLOURS, MARKERS, strict=True), strict=False))
    width = style.PAGE if len(kinds) > 1 else style.COLUMN
    fig = style.figure(width, 2.5)
    grid = fig.subplots(1, len(kinds), squeeze=False, sharey=True)[0]
    for ax, kind in zip(grid, kinds, strict=True):
        _panel(ax, rows[rows["negatives"] == kind], scorers, sizes, looks)
        ax.set_title(_NEGATIVES.get(kind, style.readable(kind)))
    grid[0].set_ylabel("area under the ROC curve")
    style.panel_letters(grid)
    handles = [
        Line2D(
            [],
            [],
            linestyle="none",
            color=colour,
            marker=marker,
            markersize=4,
            label=style.readable(scorer),
        )
        for scorer, (colour, marker) in looks.items()
    ]
    style.heading(fig, "Reported fields found among unreported ones", handles)
    numbers = rows.drop_duplicates("n_elements").set_index("n_elements")["n"]
    style.note(
        fig,
        "Bars: 95 % intervals over resampled fields. Dashed: chance. Fields held out, and as many "
        "unreported ones: "
        + ", ".join(f"{numbers[size]:,} of {size}" for size in sizes if size)
        + f"{' elements' if len(sizes) > 1 or 0 not in sizes else f'{numbers[0]:,}'}.",
    )
    return fig


def _panel(
    ax: Axes,
    rows: pd.DataFrame,
    scorers: list[str],
    sizes: list[int],
    looks: dict[str, tuple[str, str]],
) -> None:
    for i, scorer in enumerate(scorers):
        of_scorer = rows[rows["scorer"] == scorer].set_index("n_elements").reindex(sizes)
        places = [j + SPREAD * ((i + 0.5) / len(scorers) - 0.5) for j in range(len(sizes))]
        colour, marker = looks[scorer]
        ax.vlines(places, of_scorer["low"], of_scorer["high"], color=colour, linewidth=0.8)
        ax.plot(places, of_scorer["value"], marker, color=colour, markersize=3.4, markeredgewidth=0)
    ax.axhline(0.5, color=style.MUTED, linewidth=0.7, linestyle=(0, (3, 2)), zorder=1.5)
    if sizes[0] == 0 and len(sizes) > 1:
        ax.axvline(0.5, color=style.GREY, linewidth=0.6)
    ax.set_xticks(range(len(sizes)), [str(size) if size else "all" for size in sizes])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.tick_params(axis="x", length=0)
    ax.set_xlim(-0.5, len(sizes) - 0.5)
    ax.grid(visible=False, axis="x")
    ax.set_xlabel("elements of the field")
