"""What every element contributes to a property, in the eyes of an ensemble."""

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from unlabelled.plots import style
from unlabelled.plots.periodic_table import COLUMNS, HEIGHT, periodic_table

FEW = 10  # fields, below which an element is hatched
CELL = 0.33  # in, height of a cell
BAR = (2.6, 1.25, 8.4, 0.32)  # left, top, width and height in cells, above the transition metals
SHADES = (0.1, 0.9)  # of a diverging scale, without ends on which nothing can be read
BULK = 0.95  # quantile of the elements that the colours reach for
#: Ticks of ratios that vary much, or little.
RATIOS = ((0.1, 0.2, 0.5, 1, 2, 5, 10), (0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4, 1.6))


@style.styled
def elements(table: pd.DataFrame, *, quantity: str) -> Figure:
    """Draw two periodic tables: what an element does to the probability, and its attention.

    Parameters
    ----------
    table
        Columns of :func:`unlabelled.phase_field.contributions.schema`.
    quantity
        The property.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table is empty, or nothing is known of any element.
    """
    known = table[table["probability"].notna()].set_index("element")
    if known.empty:
        raise ValueError("nothing to draw: no element has a contribution")
    few = known["n_fields"] < FEW
    # few extremes, or elements of few fields, do not flatten the colours
    many = known if few.all() else known[~few]
    most = float(many["probability"].abs().quantile(BULK)) or 1.0
    ratio = max(float(np.exp(np.log(many["attention"]).abs().quantile(BULK))), 1.01)
    fig = style.figure(style.PAGE, 2 * (CELL * HEIGHT + 0.3))
    fig.set_layout_engine("constrained", h_pad=0.07)
    grid = fig.subplots(2, 1)
    change, share = grid
    hatched = set(few.index[few])
    _panel(change, known["probability"], Normalize(-most, most), "RdBu_r", "{:+.2f}", hatched)
    change.set_title("Probability with the element − without it")
    _panel(share, known["attention"], LogNorm(1 / ratio, ratio), "PuOr_r", "{:.2f}", hatched)
    share.set_title("Attention of the others to it / equal shares")
    style.panel_letters(grid)
    style.heading(fig, f"Elements and {style.readable(quantity)}", [])
    style.note(
        fig,
        f"Means over {style.counted(known['n_fields'], 'field')} that have the element beside "
        + f"others. Hatched: fewer than {FEW}. " * bool(hatched)
        + "Grey: none, or not among the 87 elements.",
    )
    return fig


def _panel(
    ax: Axes, values: pd.Series, norm: Normalize, colour_map: str, form: str, few: set[str]
) -> None:
    shades = colormaps[colour_map](np.linspace(*SHADES, 256))
    colours = ScalarMappable(norm, ListedColormap(shades))
    # adding zero takes the sign off that of a rounded number
    texts = {
        str(symbol): form.format(round(value, 2) + 0.0).replace("-", "−")
        for symbol, value in values.items()
    }
    by_symbol = {str(symbol): float(value) for symbol, value in values.items()}
    periodic_table(ax, by_symbol, colours=colours, texts=texts, few=few)
    left, top, width, height = BAR
    bar_axes = ax.inset_axes(
        (left / COLUMNS, 1 - (top + height) / HEIGHT, width / COLUMNS, height / HEIGHT)
    )
    start, end = float(norm.vmin or 0), float(norm.vmax or 0)
    low, high = bool(values.min() < start), bool(values.max() > end)
    extend = {(True, True): "both", (True, False): "min", (False, True): "max"}.get((low, high))
    bar = ax.figure.colorbar(
        colours, cax=bar_axes, orientation="horizontal", extend=extend or "neither"
    )
    bar.outline.set_visible(False)
    if isinstance(norm, LogNorm):
        ratios = RATIOS[end < 2]
        ticks = [tick for tick in ratios if start <= tick <= end]
        bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
        bar.ax.xaxis.set_minor_locator(NullLocator())
