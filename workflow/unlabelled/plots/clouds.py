"""How measures of isotropy behave in many dimensions."""

import math
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullFormatter

from unlabelled.plots import style

COLUMNS = 3
_Dash = tuple[float, Sequence[float]] | None
_DASHES: tuple[_Dash, ...] = (None, (0, (1, 1.2)), (0, (4, 1.5)), (0, (4, 1, 1, 1)))


@style.styled
def clouds(table: pd.DataFrame, *, measures: Sequence[Sequence[str]]) -> Figure:
    """Draw each measure against the number of dimensions, one line per shape of cluster.

    Parameters
    ----------
    table
        Columns of :data:`unlabelled.isotropy.clouds.COLUMNS`.
    measures
        Measure and implementation of every panel.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table is empty.
    """
    shapes = style.appearing(table["cloud"])
    looks = style.looks(shapes)
    sizes = sorted({int(n) for n in table["n"]}, reverse=True)
    dashes = dict(zip(sizes, _DASHES, strict=False))
    columns = min(COLUMNS, len(measures))
    lines = math.ceil(len(measures) / columns)
    fig = style.figure(style.PAGE, 0.2 + 2.0 * lines)
    grid = fig.subplots(lines, columns, squeeze=False, sharex=True)
    panels = list(grid.flat)[: len(measures)]
    for ax, (measure, implementation) in zip(panels, measures, strict=True):
        rows = table[(table["measure"] == measure) & (table["implementation"] == implementation)]
        _panel(ax, rows, looks, dashes)
        ax.set_title(f"{style.readable(measure)}, {implementation}")
    for ax in list(grid.flat)[len(measures) :]:
        ax.remove()
    for ax in panels[-columns:]:
        ax.tick_params(labelbottom=True)
        ax.set_xlabel("dimensions")
    style.panel_letters(panels)
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=colour, marker=marker, markersize=3, label=style.readable(shape))
        for shape, (colour, marker) in looks.items()
    ]
    handles += [
        Line2D([], [], color=style.INK, linestyle=dash, label=f"{n:,} points")
        for n, dash in dashes.items()
    ]
    handles.append(Patch(color=style.GRID, label="isotropic Gaussian ± 2 sd"))
    style.heading(fig, "Random clusters of known shape", handles)
    style.note(
        fig,
        f"Means of {style.counted(table.groupby(['cloud', 'n', 'd'])['seed'].nunique(), 'draw')}. "
        "The grey band is the null model of the corrected measure.",
    )
    return fig


def _panel(
    ax: Axes, rows: pd.DataFrame, looks: dict[str, tuple[str, str]], dashes: dict[int, _Dash]
) -> None:
    for n, dash in dashes.items():
        of_size = rows[rows["n"] == n]
        null = of_size.groupby("d")[["null_mean", "null_sd"]].first().dropna()
        low, high = (null["null_mean"] + sign * 2 * null["null_sd"] for sign in (-1, 1))
        ax.fill_between(null.index, low, high, color=style.GRID, linewidth=2)
        for shape, (colour, marker) in looks.items():
            mean = of_size[of_size["cloud"] == shape].groupby("d")["value"].mean()
            ax.plot(
                mean.index,
                mean,
                color=colour,
                linestyle=dash,
                marker=marker,
                markersize=2.6,
                linewidth=1,
            )
    ax.set_xscale("log")
    ax.xaxis.set_minor_formatter(NullFormatter())
