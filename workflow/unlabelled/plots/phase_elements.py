"""What every element contributes to a property, in the eyes of an ensemble."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from unlabelled.plots import style
from unlabelled.plots.periodic_table import HEIGHT, periodic_table

FEW = 10  # fields, below which an element is hatched
CELL = 0.33  # in, height of a cell
BAR = (2.6, 1.25, 8.4, 0.32)  # left, top, width and height in cells, above the transition metals
RATIOS = (1 / 8, 1 / 4, 1 / 2, 1 / 1.5, 1 / 1.2, 1 / 1.1, 1, 1.1, 1.2, 1.5, 2, 4, 8)
TICKS = 7  # at most, beside each other


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
    few = set(known.index[known["n_fields"] < FEW])
    # colours reach as far as the elements of many fields
    many = known.drop(few) if len(few) < len(known) else known
    most = float(many["probability"].abs().max()) or 1.0
    ratio = max(float(np.exp(np.log(many["attention"]).abs().max())), 1.01)
    fig = style.figure(style.PAGE, 2 * (CELL * HEIGHT + 0.3))
    grid = fig.subplots(2, 1)
    change, share = grid
    _panel(change, known["probability"], Normalize(-most, most), "RdBu_r", "{:+.2f}", few)
    change.set_title("Probability with the element − without it")
    _panel(share, known["attention"], LogNorm(1 / ratio, ratio), "PuOr_r", "{:.2f}", few)
    share.set_title("Attention of the others to it / equal shares")
    style.panel_letters(grid)
    style.heading(fig, f"Elements and {style.readable(quantity)}", [])
    style.note(
        fig,
        f"Means over {style.counted(known['n_fields'], 'field')} that have the element beside "
        + f"others. Hatched: fewer than {FEW}. " * bool(few)
        + "Grey: none, or not among the 87 elements.",
    )
    return fig


def _panel(
    ax: Axes, values: pd.Series, norm: Normalize, colour_map: str, form: str, few: set[str]
) -> None:
    colours = ScalarMappable(norm, colour_map)
    texts = {symbol: form.format(value).replace("-", "−") for symbol, value in values.items()}
    periodic_table(ax, dict(values), colours=colours, texts=texts, few=few)
    left, top, width, height = BAR
    bar_axes = ax.inset_axes((left, top + height, width, -height), transform=ax.transData)
    low, high = values.min() < norm.vmin, values.max() > norm.vmax
    extend = {(True, True): "both", (True, False): "min", (False, True): "max"}.get((low, high))
    bar = ax.figure.colorbar(
        colours, cax=bar_axes, orientation="horizontal", extend=extend or "neither"
    )
    bar.outline.set_visible(False)
    if isinstance(norm, LogNorm):
        ticks = [tick for tick in RATIOS if norm.vmin <= tick <= norm.vmax]
        while len(ticks) > TICKS:  # the outer ones and 1 stay
            ticks = [*ticks[::2]]
        bar.set_ticks(ticks, labels=[f"{tick:.2g}" for tick in ticks])
        bar.ax.xaxis.set_minor_locator(NullLocator())
