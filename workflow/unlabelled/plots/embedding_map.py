"""Maps of the representations, side by side."""

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from unlabelled.plots import style

MARGIN = 1.0  # in, for the colour bar and the labels
LIMITS = (2, 98)  # percentiles of the colour scale, so that few extremes do not flatten it


@style.styled
def maps(table: pd.DataFrame, *, quantity: str, unit: str) -> Figure:
    """Draw the t-SNE maps of the arms, coloured by one quantity on one scale.

    Parameters
    ----------
    table
        Columns of :data:`unlabelled.label_masking.schema.EMBEDDING_MAP`.
    quantity
        What the colour shows, in words.
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
    arms = style.in_order(table["arm"])
    low, high = np.percentile(table["value"], LIMITS)
    norm = Normalize(low, high)
    panel = min(2.4, (style.PAGE - MARGIN) / len(arms))
    width = panel * len(arms) + MARGIN
    fig = style.figure(width, panel + 0.5)
    grid = fig.subplots(1, len(arms), squeeze=False)[0]
    for ax, arm in zip(grid, arms, strict=True):
        rows = table[table["arm"] == arm]
        ax.scatter(
            rows["x"],
            rows["y"],
            c=rows["value"],
            s=max(1.5, min(12.0, 4000 / len(rows))),
            norm=norm,
            cmap="viridis",
            linewidths=0,
            rasterized=True,
        )
        ax.set_title(style.readable(arm))
        ax.set_box_aspect(1)
        # distances between far clusters mean nothing in t-SNE, nor do its units
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_xlabel("t-SNE 1 (arb. unit)")
        ax.spines[["top", "right"]].set_visible(True)
        ax.margins(0.04)
    grid[0].set_ylabel("t-SNE 2 (arb. unit)")
    style.panel_letters(grid)
    bar = fig.colorbar(
        ScalarMappable(norm, "viridis"), ax=grid, extend="both", aspect=22, pad=0.015, shrink=0.95
    )
    bar.set_label(f"{style.readable(quantity)} ({unit})")
    bar.outline.set_visible(False)
    number = table.groupby("arm")["material_id"].nunique()
    style.heading(fig, f"Maps of the representations, coloured by {style.readable(quantity)}", [])
    style.note(
        fig,
        f"{style.counted(number, 'crystal')} per panel, the same in all. Colour scale from the "
        f"{LIMITS[0]}nd to the {LIMITS[1]}th percentile.",
    )
    return fig
