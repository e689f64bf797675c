"""How well probabilities rank fields, and whether they mean what they say."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from sklearn import metrics as scores

from unlabelled.phase_field.calibration import reliability
from unlabelled.plots import style
from unlabelled.plots.phase_models import KINDS
from unlabelled.tables import field

POINTS = 400  # of a curve, at most
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "<", ">")
OTHERS = (*style.OKABE_ITO[3:6], "#332288", "#882255", "#44AA99", "#8A8A8A", "#5E5E5E")
_AXES = {  # title, x, y
    "roc": ("ROC", "false positive rate", "true positive rate"),
    "precision_recall": ("precision and recall", "recall", "precision"),
    "reliability": ("reliability", "predicted probability", "share above the threshold"),
}

SCHEMA = pa.schema(
    [
        field("model", pa.string(), "model"),
        field("curve", pa.string(), "roc, precision_recall or reliability"),
        field("x", pa.float64(), "false positive rate, recall or mean probability"),
        field("y", pa.float64(), "true positive rate, precision or share above the threshold"),
        field("low", pa.float64(), "lower end of the 95 % interval of a share"),
        field("high", pa.float64(), "upper end"),
        field("area", pa.float64(), "area under the whole curve; none of reliability"),
        field("n", pa.int32(), "fields that were predicted; of reliability those of the part"),
        field("share", pa.float64(), "of all of them that is above the threshold"),
        field("repeats", pa.int16(), "partitions: how often a field was predicted"),
    ]
)


def gather(predictions: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Measure the curves of models over all folds and repeats together.

    Parameters
    ----------
    predictions
        Columns of :func:`unlabelled.phase_field.prediction.schema`, by model.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`SCHEMA`. Curves are thinned to 400 points. Intervals of shares are means
        of those of the repeats: a repeat has no fields of its own, so many are no narrower.
    """
    parts = []
    for model, rows in predictions.items():
        # of some elements a model may know nothing
        known = rows[(rows["part"] == "test") & rows["probability"].notna()]
        parts.append(_curves(known, model))
    return pd.concat(parts, ignore_index=True)[list(SCHEMA.names)]


def _curves(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    probability, above = rows["probability"].to_numpy(float), rows["above"].to_numpy(bool)
    rate, hits, _ = scores.roc_curve(above, probability)
    precision, recall, _ = scores.precision_recall_curve(above, probability)
    curves = {
        "roc": (_thin(rate, hits), scores.roc_auc_score(above, probability)),
        "precision_recall": (
            # in the order of increasing recall
            _thin(recall[::-1], precision[::-1]),
            scores.average_precision_score(above, probability),
        ),
        "reliability": (_reliability(rows), np.nan),
    }
    return pd.concat(
        [
            points.assign(curve=curve, area=area, model=model)
            for curve, (points, area) in curves.items()
        ]
    ).assign(
        n=lambda found: found["n"].fillna(len(rows)),
        share=above.mean(),
        repeats=rows["repeat"].nunique(),
    )


def _reliability(rows: pd.DataFrame) -> pd.DataFrame:
    parts = pd.concat(
        reliability(part["probability"].to_numpy(float), part["above"].to_numpy(bool))
        for _, part in rows.groupby("repeat")
    )
    n = parts.groupby("bin")["n"].sum()
    columns = {"probability": "x", "share": "y", "low": "low", "high": "high"}
    means = parts[list(columns)].mul(parts["n"], axis=0).groupby(parts["bin"]).sum().div(n, axis=0)
    return means.rename(columns=columns).assign(n=n)


def _thin(x: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    """Return points of a curve, evenly far apart along it."""
    along = np.append(0, np.cumsum(abs(np.diff(x)) + abs(np.diff(y))))
    places = np.linspace(0, along[-1], min(POINTS, len(x)))
    chosen = np.unique(np.searchsorted(along, places).clip(max=len(x) - 1))
    return pd.DataFrame(
        {"x": x[chosen], "y": y[chosen], "low": np.nan, "high": np.nan, "n": np.nan}
    )


@style.styled
def curves(table: pd.DataFrame, *, kinds: Mapping[str, str], quantity: str) -> Figure:
    """Draw ROC, precision against recall, and reliability of the probabilities of models.

    Parameters
    ----------
    table
        Columns of :data:`SCHEMA`.
    kinds
        Kind of every model, as of :func:`unlabelled.plots.phase_models.models`.
    quantity
        The property.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table is empty.
    """
    names = style.appearing(table["model"])
    looks = _looks(names, kinds)
    fig = style.figure(style.PAGE, 2.55)
    grid = fig.subplots(1, 3)
    for ax, (curve, (title, x, y)) in zip(grid, _AXES.items(), strict=True):
        for name in names:
            rows = table[(table["model"] == name) & (table["curve"] == curve)]
            _curve(ax, rows, curve, *looks[name])
        ax.set_title(title)
        ax.set_xlabel(x)
        ax.set_ylabel(y)
        ax.set_xlim(-0.02, 1.02)
        ax.set_ylim(-0.02, 1.02)
        ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        ax.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
        ax.set_box_aspect(1)
        chance = [0, 1] if curve != "precision_recall" else [table["share"].iloc[0]] * 2
        ax.plot([0, 1], chance, color=style.MUTED, linewidth=0.7, linestyle=(0, (3, 2)), zorder=1.5)
    style.panel_letters(grid)
    areas = table.groupby(["model", "curve"])["area"].first()
    handles = [
        Line2D(
            [],
            [],
            color=colour,
            marker=marker,
            markersize=3.2,
            label=f"{style.readable(name)} ({areas[name, 'roc']:.3f}, "
            f"{areas[name, 'precision_recall']:.3f})",
        )
        for name, (colour, marker) in looks.items()
    ]
    style.heading(
        fig, f"Probability that {style.readable(quantity)} is above the threshold", handles
    )
    fields = table.loc[table["curve"] == "roc", ["n", "repeats"]].drop_duplicates()
    style.note(
        fig,
        "In brackets: area under the ROC curve, average precision. Dashed: chance; in c, "
        "probabilities that mean what they say. Bars: 95 % intervals. "
        f"{style.counted(fields['n'] // fields['repeats'], 'field')}, "
        f"{100 * table['share'].iloc[0]:.0f} % of them above the threshold, held out in "
        f"{style.counted(fields['repeats'], 'partition')}.",
    )
    return fig


def _looks(names: list[str], kinds: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Colour and marker of every model: that of its kind for the first of a kind, but baselines."""
    others = iter(OTHERS)
    taken: set[str] = set()
    looks = {}
    for name, marker in zip(names, MARKERS, strict=False):
        kind = kinds[name]
        first = kind != "baseline" and kind not in taken
        looks[name] = (KINDS[kind] if first else next(others), marker)
        taken.add(kind)
    return looks


def _curve(ax: Axes, rows: pd.DataFrame, curve: str, colour: str, marker: str) -> None:
    if curve == "reliability":
        ax.errorbar(
            rows["x"],
            rows["y"],
            # up to rounding, a share of 0 or 1 is the end of its interval
            yerr=[(rows["y"] - rows["low"]).clip(0), (rows["high"] - rows["y"]).clip(0)],
            color=colour,
            marker=marker,
            markersize=2.8,
            linewidth=0.9,
            elinewidth=0.6,
        )
        return
    # a point of average precision stands for the step of recall that ends in it
    steps = "steps-pre" if curve == "precision_recall" else "default"
    ax.plot(rows["x"], rows["y"], color=colour, linewidth=1, drawstyle=steps)
