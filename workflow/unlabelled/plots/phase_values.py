"""Predicted against true values of fields that were held out."""

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, NullFormatter

from unlabelled.plots import style
from unlabelled.plots.phase_properties import round_step

LEVEL = 90  # per cent of the intervals
CELLS = (25, 60)  # across the panel, of few and of many predictions
PALEST = 0.18  # of the colour scale, to be seen on white
BANDS = 20  # parts of the predictions, of equal numbers, that the intervals are summarised in
SHADE = "#E69F00"

Floats = npt.NDArray[np.float64]


@style.styled
def values(table: pd.DataFrame, *, quantity: str, unit: str, transform: str) -> Figure:
    """Draw how often which value was predicted for which true one.

    Parameters
    ----------
    table
        Columns of :func:`unlabelled.phase_field.prediction.schema`, of one model; the test part is
        shown.
    quantity
        The property.
    unit
        Its unit.
    transform
        ``identity``, or ``log1p``: axes on which steps of log(1 + value) are equal.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table has no rows of the test part.
    """
    rows = table[(table["part"] == "test") & table["predicted"].notna()]
    if rows.empty:
        raise ValueError("nothing to draw: no value was predicted in the test part")

    def place(numbers: pd.Series) -> Floats:
        """Where numbers stand on the axes; as in training, those below 0 for 0."""
        found = numbers.to_numpy(float)
        return np.log1p(np.maximum(found, 0)) if transform == "log1p" else found

    true, predicted = place(rows["value"]), place(rows["predicted"])
    low = min(true.min(), predicted.min())
    high = max(true.max(), predicted.max())
    margin = 0.03 * (high - low)
    low, high = low - margin, high + margin
    fig = style.figure(style.COLUMN, 2.75)
    ax = fig.subplots()
    edges = _edges(low, high, len(rows), transform)
    counts, _, _ = np.histogram2d(true, predicted, (edges, edges))
    shades = colormaps["Blues"](np.linspace(PALEST, 1, 256))
    mesh = ax.pcolormesh(
        edges,
        edges,
        np.where(counts > 0, counts, np.nan).T,
        norm=LogNorm(1, max(counts.max(), 2)),
        cmap=ListedColormap(shades),
        rasterized=True,
        zorder=2,
    )
    bar = fig.colorbar(mesh, cax=ax.inset_axes((1.03, 0, 0.035, 1)), format="{x:,.0f}")
    bar.ax.yaxis.set_minor_formatter(NullFormatter())
    bar.set_label("predictions per cell")
    bar.outline.set_visible(False)
    has_intervals = bool(rows["lower"].notna().any())
    if has_intervals:
        _band(ax, predicted, place(rows["lower"]), place(rows["upper"]))
    ax.plot([low, high], [low, high], color=style.INK, linewidth=0.8, zorder=3)
    _axes(ax, low, high, transform)
    ax.set_xlabel(f"true value ({unit})")
    ax.set_ylabel(f"predicted value ({unit})")
    ax.text(
        0.97,
        0.03,
        _numbers(rows, unit, has_intervals),
        transform=ax.transAxes,
        ha="right",
        va="bottom",
        fontsize=7,
        linespacing=1.35,
        zorder=5,
        bbox={"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1},
    )
    handles: list[Line2D | Patch] = [Line2D([], [], color=style.INK, linewidth=0.8, label="equal")]
    if has_intervals:
        handles.append(Line2D([], [], color=SHADE, label=f"{LEVEL} % interval"))
    style.heading(fig, f"Predicted and true {style.readable(quantity)}", handles)
    negative = (rows["predicted"] < 0).sum()
    style.note(
        fig,
        f"{style.counted([rows['field'].nunique()], 'field')}, held out in "
        f"{style.counted([rows['repeat'].nunique()], 'partition')}."
        + " Orange: median ends of the intervals of like predictions, between which true "
        "values should be."
        * has_intervals
        + f" {negative:,} predictions below 0 are drawn at 0."
        * bool(negative and transform == "log1p"),
    )
    return fig


def _edges(low: float, high: float, number: int, transform: str) -> Floats:
    """Return the edges of the cells; those of values themselves are not on values of few digits."""
    cells = int(np.clip(2.5 * number ** (1 / 3), *CELLS))
    if transform == "log1p":
        return np.linspace(low, high, cells + 1)
    step = round_step((high - low) / cells)
    first, last = math.floor(low / step), math.ceil(high / step)
    return np.arange(first, last + 2, dtype=np.float64) * step - step / 4


def _band(ax: Axes, predicted: Floats, lower: Floats, upper: Floats) -> None:
    """Draw between which true values most are, for every prediction."""
    order = np.argsort(predicted, kind="stable")
    parts = np.array_split(order, min(BANDS, len(order)))
    centres = [np.median(predicted[part]) for part in parts]
    for ends in (lower, upper):
        ax.plot(
            [np.nanmedian(ends[part]) for part in parts],
            centres,
            color=SHADE,
            linewidth=1.2,
            zorder=4,
        )


def _axes(ax: Axes, low: float, high: float, transform: str) -> None:
    ax.set_xlim(low, high)
    ax.set_ylim(low, high)
    ax.set_box_aspect(1)
    if transform == "log1p":
        most = math.floor(math.log10(max(math.expm1(high), 1)))
        ticks = [0, *(10**power for power in range(most + 1))]
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_ticks([math.log1p(tick) for tick in ticks], [f"{tick:,}" for tick in ticks])
    else:
        locator = MaxNLocator(6, steps=(1, 2, 5, 10))
        ticks_of_both = [tick for tick in locator.tick_values(low, high) if low <= tick <= high]
        ax.set_xticks(ticks_of_both)
        ax.set_yticks(ticks_of_both)


def _numbers(rows: pd.DataFrame, unit: str, has_intervals: bool) -> str:
    error = rows["predicted"] - rows["value"]
    spread = ((rows["value"] - rows["value"].mean()) ** 2).sum()
    found = [f"MAE {error.abs().mean():.3g} {unit}"]
    if spread > 0:
        found.append(f"R² {1 - (error**2).sum() / spread:.2f}".replace("-", "−"))
    if has_intervals:
        within = rows["value"].between(rows["lower"], rows["upper"])
        found.append(f"coverage {100 * within[rows['lower'].notna()].mean():.1f} %")
    return "\n".join(found)
