"""What is known of fields: the values of their properties, and how many elements they have."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, NullLocator, StrMethodFormatter

from unlabelled.plots import style
from unlabelled.tables import field

COLUMNS = 4
BELOW, ABOVE = "#B5B5B5", style.OKABE_ITO[1]
BINS = 40  # about so many of a linear axis
PER_DECADE = 8  # bins of a logarithmic one
WIDE = 30  # times that values vary on a logarithmic axis
BULK = (0.02, 0.98)  # quantiles between which they do
HEADROOM = 1.35  # of the histogram, for the counts

SCHEMA = pa.schema(
    [
        field("property", pa.string(), "property of fields"),
        field("unit", pa.string(), "unit of value and threshold"),
        field("value", pa.float64(), "largest value among the compositions of a field"),
        field("above", pa.bool_(), "whether the value is above the threshold"),
        field("n_elements", pa.int8(), "elements of the field"),
        field("threshold", pa.float64(), "what a value must exceed"),
    ]
)

Floats = npt.NDArray[np.float64]


class _Bins(NamedTuple):
    """Where bars stand: edges in units of the axis, and whether that is the decimal logarithm."""

    edges: Floats
    logarithmic: bool


def gather(
    fields: Mapping[str, pd.DataFrame],
    units: Mapping[str, str],
    thresholds: Mapping[str, float],
) -> pd.DataFrame:
    """Put the fields of all properties into one table.

    Parameters
    ----------
    fields
        Columns of :func:`unlabelled.phase_field.property_table.schema`, by property.
    units, thresholds
        By property.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`SCHEMA`.
    """
    parts = [
        rows.assign(property=name, unit=units[name], threshold=float(thresholds[name]))
        for name, rows in fields.items()
    ]
    return pd.concat(parts, ignore_index=True)[list(SCHEMA.names)]


@style.styled
def properties(table: pd.DataFrame) -> Figure:
    """Draw histograms of the values and of the sizes of fields, one column per property.

    Values that span decades have a logarithmic axis, with a bar of their own for those at or near
    zero. The threshold is the edge of two bars.

    Parameters
    ----------
    table
        Columns of :data:`SCHEMA`.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table is empty.
    """
    quantities = style.appearing(table["property"])
    titles = [style.readable(quantity) for quantity in quantities]
    columns = min(style.columns(titles, style.PAGE, COLUMNS), len(quantities))
    lines = math.ceil(len(quantities) / columns)
    columns = math.ceil(len(quantities) / lines)
    width = style.COLUMN if columns == 1 else style.PAGE
    fig = style.figure(width, 3.4 * lines)
    grid = fig.subplots(2 * lines, columns, squeeze=False, height_ratios=[1.25, 1] * lines)
    panels: list[Axes] = []
    for start in range(0, len(quantities), columns):
        shown = quantities[start : start + columns]
        upper, lower = grid[2 * start // columns : 2 * start // columns + 2]
        for ax, other, quantity in zip(upper, lower, shown, strict=False):
            rows = table[table["property"] == quantity]
            _values(ax, rows)
            _sizes(other, rows)
            ax.set_title(style.readable(quantity))
        upper[0].set_ylabel("fields")
        lower[0].set_ylabel("fields")
        panels += [*upper[: len(shown)], *lower[: len(shown)]]
    for ax in grid.flat:
        if ax not in panels:
            ax.remove()
    style.panel_letters(panels)
    handles = [
        Patch(color=BELOW, label="below the threshold"),
        Patch(color=ABOVE, label="above the threshold"),
    ]
    style.heading(fig, "Largest values of fields, and numbers of their elements", handles)
    return fig


def _values(ax: Axes, rows: pd.DataFrame) -> None:
    values, above = rows["value"].to_numpy(float), rows["above"].to_numpy(bool)
    threshold, unit = float(rows["threshold"].iloc[0]), rows["unit"].iloc[0]
    inclusive = bool(above[values == threshold].any())
    bins = _bins(values, threshold)
    if bins.logarithmic:
        lowest = 10 ** bins.edges[0]
        low = values <= lowest
        _low_bar(ax, bins.edges, low, above, bool((values[low] == 0).all()))
        places = np.log10(np.where(low, 1, values))
    else:
        low = np.zeros(len(values), bool)
        places = values
    # a value on an edge counts as the threshold does
    number = np.searchsorted(bins.edges, np.round(places, 9), "right" if inclusive else "left") - 1
    counts = [
        np.bincount(number[~low & side], minlength=len(bins.edges) - 1) for side in (~above, above)
    ]
    _stack(ax, bins.edges[:-1], np.diff(bins.edges), counts)
    line = math.log10(threshold) if bins.logarithmic else threshold
    ax.axvline(line, color=style.INK, linewidth=0.8, linestyle=(0, (3, 2)))
    ax.set_ylim(0, HEADROOM * ax.dataLim.y1)
    signs = ("<", "≥") if inclusive else ("≤", ">")
    for sign, number_of, x, side in zip(
        signs, (~above, above), (0.02, 0.98), ("left", "right"), strict=True
    ):
        ax.text(
            x,
            0.99,
            f"{sign} {threshold:g} {unit}\n{number_of.sum():,}",
            transform=ax.transAxes,
            ha=side,
            va="top",
            fontsize=7,
            linespacing=1.2,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )
    ax.set_xlabel(f"value ({unit})")
    ax.grid(visible=False, axis="x")
    ax.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def _bins(values: Floats, threshold: float) -> _Bins:
    positive = values[values > 0]
    low, high = np.quantile(positive, BULK) if len(positive) else (1.0, 1.0)
    if threshold > 0 and (values >= 0).all() and high > WIDE * low:
        middle, step = math.log10(threshold), 1 / PER_DECADE
        first, last = math.log10(low), math.log10(values.max())
        logarithmic = True
    else:
        middle, first, last = threshold, float(values.min()), float(values.max())
        # rounded values leave no bins empty between them
        apart = np.diff(np.unique(values)).min(initial=np.inf)
        step = round_step(max((last - first) / BINS, min(apart, last - first)))
        logarithmic = False
    below = max(math.ceil((middle - first) / step - 1e-9), 1)
    over = max(math.ceil((last - middle) / step - 1e-9), 1)
    # a value on the first edge needs a bar below it
    edges = middle + step * np.arange(-below - (not logarithmic), over + 1 + (not logarithmic))
    return _Bins(np.round(edges, 9), logarithmic)


def round_step(least: float) -> float:
    """Return the next of 1, 2, 5, 10, ... times a power of ten, for values of few digits."""
    power = 10.0 ** math.floor(math.log10(least or 1))
    return float(next(power * step for step in (1, 2, 5, 10) if power * step >= least * 0.999))


def _low_bar(
    ax: Axes, edges: Floats, low: npt.NDArray[np.bool_], above: npt.NDArray[np.bool_], zero: bool
) -> None:
    """Draw the bar of the values beyond the logarithmic axis, and name the decades."""
    step = edges[1] - edges[0]
    decades = np.arange(math.ceil(edges[0]), math.floor(edges[-1]) + 1)
    ticks, names = list(decades.astype(float)), [f"{10.0**decade:g}" for decade in decades]
    if low.any():
        place = edges[0] - 3 * step
        counts = [np.array([(low & ~above).sum()]), np.array([(low & above).sum()])]
        _stack(ax, np.array([place]), np.array([2 * step]), counts)
        ticks.insert(0, float(place + step))
        names.insert(0, "0" if zero else f"≤{10 ** edges[0]:.2g}")
    ax.set_xticks(ticks, names)
    minor = np.log10(np.arange(2, 10)) + np.arange(decades[0] - 1, decades[-1] + 1)[:, None]
    ax.set_xticks(minor[(minor > edges[0]) & (minor < edges[-1])], minor=True)


def _sizes(ax: Axes, rows: pd.DataFrame) -> None:
    sizes = np.arange(rows["n_elements"].min(), rows["n_elements"].max() + 1)
    counts = [
        rows.loc[rows["above"] == side, "n_elements"].value_counts().reindex(sizes, fill_value=0)
        for side in (False, True)
    ]
    _stack(ax, sizes - 0.4, np.full(len(sizes), 0.8), [count.to_numpy(int) for count in counts])
    ax.set_xticks(sizes)
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("elements of the field")
    ax.grid(visible=False, axis="x")
    ax.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def _stack(ax: Axes, left: Floats, widths: Floats, counts: list[npt.NDArray[Any]]) -> None:
    """Draw bars of fields below the threshold, and on top of them of those above."""
    below, over = counts
    ax.bar(left, below, widths, align="edge", color=BELOW, linewidth=0)
    ax.bar(left, over, widths, below, align="edge", color=ABOVE, linewidth=0)
