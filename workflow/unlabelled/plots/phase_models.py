"""How well models do on fields they have not seen, by what was held out."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from scipy.stats import t as student

from unlabelled.plots import style

DUMMY = "dummy"  # the model that knows no elements
KINDS = {  # in the order of the legend
    "published": style.OKABE_ITO[0],
    "corrected": style.OKABE_ITO[1],
    "stack": style.OKABE_ITO[2],
    "baseline": style.GREY,
}
METRICS = ("roc_auc", "mae")
MARKERS = ("o", "s", "^", "D")
FEWEST_FOLDS = 3  # fewer say nothing about their spread

SPLIT = 0.062  # in, pitch of the markers of a row
GAP = 0.055  # in, between rows
LEAST = 0.16  # in, least height of a row
BAND = "#F4F4F4"

_FOLD = ["property", "split", "repeat", "fold", "held_out"]


@style.styled
def models(
    table: pd.DataFrame,
    *,
    kinds: Mapping[str, str],
    splits: Mapping[str, str],
    units: Mapping[str, str],
) -> Figure:
    """Draw the area under the ROC curve and the absolute error, one row of panels per property.

    Rows of a panel are models, the best of the first split on top. Errors are divided by those of
    the dummy in the same fold if the property has one.

    Parameters
    ----------
    table
        Columns of :data:`unlabelled.phase_field.metrics.METRICS`.
    kinds
        Kind of every model shown: published, corrected, stack or baseline.
    splits
        What every split shown held out, in words.
    units
        Unit of every property.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table has no such rows, or a kind is unknown.
    """
    if strange := sorted(set(kinds.values()) - set(KINDS)):
        raise ValueError(f"unknown kinds of models: {', '.join(strange)}")
    rows = table[table["metric"].isin(METRICS) & table["split"].isin(list(splits))]
    found = means(rows)
    found = found[found["model"].isin(list(kinds)) & found["model"].ne(DUMMY)]
    if found.empty:
        raise ValueError("nothing to draw: none of the models was measured on these splits")
    shown = [split for split in splits if split in set(found["split"])]
    quantities = style.appearing(found["property"])
    order = {quantity: _ranked(found, quantity, shown[0]) for quantity in quantities}
    pitch = max(LEAST, SPLIT * len(shown) + GAP)
    heights = [pitch * len(order[quantity]) for quantity in quantities]
    fig = style.figure(style.PAGE, sum(heights) + 0.72 * len(quantities))
    grid = fig.subplots(len(quantities), 2, squeeze=False, sharey="row", height_ratios=heights)
    looks = dict(zip(shown, MARKERS, strict=False))
    beyond = False
    for line, quantity in zip(grid, quantities, strict=True):
        for ax, metric in zip(line, METRICS, strict=True):
            of_panel = found[(found["property"] == quantity) & (found["metric"] == metric)]
            relative = metric == "mae" and bool(of_panel["relative"].any())
            beyond |= _panel(ax, of_panel, order[quantity], kinds, looks, SPLIT / pitch)
            if relative:
                ax.axvline(1, color=style.MUTED, linewidth=0.7, linestyle=(0, (3, 2)), zorder=1.5)
            ax.set_xlabel(_label(metric, relative, units[quantity]))
        names = [style.readable(model) for model in order[quantity]]
        line[0].set_yticks(range(len(names)), names)
        line[0].set_ylim(len(names) - 0.5, -0.5)
        line[0].set_title(style.readable(quantity))
    style.panel_letters(grid.flat)
    present = {kinds[model] for model in found["model"]}
    handles: list[Line2D | Patch] = [
        Patch(color=colour, label=kind) for kind, colour in KINDS.items() if kind in present
    ]
    handles += [
        Line2D(
            [],
            [],
            linestyle="none",
            marker=looks[split],
            color=style.INK,
            markersize=3.6,
            label=splits[split],
        )
        for split in shown
    ]
    style.heading(fig, "Models on fields they have not seen", handles)
    relative = bool(found["relative"].any())
    style.note(
        fig,
        style.BEYOND * beyond
        + "Means over folds, bars: 95 % intervals. "
        + "Dashed: the dummy, which knows the shares and the median alone (its area is 0.5). "
        * relative
        + f"Folds: {_folds(found, splits)}.",
    )
    return fig


def means(table: pd.DataFrame) -> pd.DataFrame:
    """Return means over folds and their intervals.

    Random folds share most of what they were trained on, so the variance of their mean is taken as
    that of a fold times 1/J + n₂/n₁ instead of 1/J (J folds, n₁ fields trained on, n₂ tested;
    Nadeau and Bengio, *Machine Learning* **52**, 239, 2003). Where an element or a pair is held
    out, folds are taken as independent.

    Parameters
    ----------
    table
        Columns of :data:`unlabelled.phase_field.metrics.METRICS`.

    Returns
    -------
    pandas.DataFrame
        Columns property, split, model, metric, value, low, high, folds, relative (whether divided
        by the error of the dummy). No interval below three folds.
    """
    dummy = table[(table["model"] == DUMMY) & (table["metric"] == "mae")]
    rows = table.merge(
        dummy[[*_FOLD, "value"]], on=_FOLD, how="left", suffixes=("", "_dummy"), validate="m:1"
    )
    errors = rows["metric"] == "mae"
    relative = errors & rows["value_dummy"].gt(0)
    # an axis has one unit: folds without the dummy are left out if others of the property have it
    alone = errors & ~relative & relative.groupby(rows["property"]).transform("any")
    rows["value"] = rows["value"].where(~relative, rows["value"] / rows["value_dummy"])
    rows["value"] = rows["value"].mask(alone)
    rows["relative"] = relative
    found = []
    for key, folds in rows.groupby(["property", "split", "model", "metric"], sort=False):
        partitions = folds.groupby("repeat")["n"].transform("sum")
        random = folds["held_out"].eq("")
        overlap = (folds["n"] / (partitions - folds["n"])).where(random, 0)
        defined = folds["value"].notna()
        values = folds.loc[defined, "value"].to_numpy(float)
        mean, half = np.nan, np.nan
        if len(values):
            mean = values.mean()
        if len(values) >= FEWEST_FOLDS:
            scale = 1 / len(values) + overlap[defined].mean()
            half = student.ppf(0.975, len(values) - 1) * np.sqrt(scale * values.var(ddof=1))
        found.append((*key, mean, mean - half, mean + half, len(values), folds["relative"].any()))
    columns = ["property", "split", "model", "metric", "value", "low", "high", "folds", "relative"]
    return pd.DataFrame(found, columns=columns)


def _ranked(found: pd.DataFrame, quantity: str, split: str) -> list[str]:
    """Models of a property, the best by the area of the first split first, unmeasured ones last."""
    rows = found[found["property"] == quantity]
    first = rows[(rows["metric"] == METRICS[0]) & (rows["split"] == split)]
    areas = dict(zip(first["model"], first["value"].fillna(-1), strict=True))
    return sorted(style.appearing(rows["model"]), key=lambda model: -areas.get(model, -1))


def _panel(
    ax: Axes,
    rows: pd.DataFrame,
    order: list[str],
    kinds: Mapping[str, str],
    looks: Mapping[str, str],
    step: float,
) -> bool:
    """Draw a panel; return whether something is beyond its end."""
    for i in range(0, len(order), 2):
        ax.axhspan(i - 0.5, i + 0.5, color=BAND, zorder=0, linewidth=0)
    end = style.bound(rows["value"], 2) if rows["value"].notna().any() else 1.0
    outside: list[tuple[float, str]] = []
    for j, (split, marker) in enumerate(looks.items()):
        of_split = rows[rows["split"] == split].set_index("model").reindex(order)
        for i, (model, row) in enumerate(of_split.iterrows()):
            place = i + (j - (len(looks) - 1) / 2) * step
            colour = KINDS[kinds[str(model)]]
            if row["value"] > end:
                outside.append((place, colour))
                continue
            high = min(row["high"], end) if rows["value"].max() > end else row["high"]
            if row["metric"] == METRICS[0]:  # no area exceeds 1
                high = min(high, 1)
            low = max(row["low"], 0)  # as an error of none
            ax.hlines(place, low, high, color=colour, linewidth=0.8)
            ax.plot(row["value"], place, marker, markersize=3.2, color=colour, markeredgewidth=0)
    if outside:
        ax.set_xlim(right=end)
        for place, colour in outside:
            style.beyond(ax, end, [place], colour)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    return bool(outside)


def _label(metric: str, relative: bool, unit: str) -> str:
    if metric == "roc_auc":
        return "area under the ROC curve"
    return "MAE / MAE of the dummy" if relative else f"MAE ({unit})"


def _folds(found: pd.DataFrame, splits: Mapping[str, str]) -> str:
    parts = []
    for split, words in splits.items():
        numbers = found.loc[found["split"] == split, "folds"]
        if len(numbers):
            most = numbers.groupby(found["property"]).max()
            parts.append(f"{words} {'–'.join(str(n) for n in sorted({most.min(), most.max()}))}")
    return ", ".join(parts)
