"""What became of the entries of every source."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from unlabelled.plots import style
from unlabelled.structures.outcomes import ACCEPTED
from unlabelled.structures.schema import Reason

ACCEPTED_COLOUR = "#D4D4D4"
FIRST_STAGE = "structures"

BAR = 0.2  # in, height of a bar
LINE = 0.135  # in, height of a line of its caption

_REASONS = [str(reason) for reason in Reason]


@style.styled
def losses(table: pd.DataFrame) -> Figure:
    """Stacked bars of the share of entries by outcome, with all counts written under each bar.

    Parameters
    ----------
    table
        Columns of :data:`unlabelled.structures.outcomes.OUTCOMES`.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table is empty or an outcome is unknown.
    """
    outcomes = _outcomes(table)
    sources = sorted(set(table["source"]))
    captions = {source: _caption(table[table["source"] == source]) for source in sources}
    # the y axis is in inches, so that every source takes the room of its caption
    heights = [BAR + 0.22 + LINE * (captions[source].count("\n") + 1) for source in sources]
    tops = -np.cumsum([0.0, *heights])
    fig = style.figure(style.PAGE, 0.75 - float(tops[-1]))
    ax = fig.subplots()
    for source, top in zip(sources, tops, strict=False):
        _bar(ax, table[table["source"] == source], float(top), outcomes)
        ax.annotate(
            captions[source],
            (0, float(top) - BAR),
            xytext=(1, -4),
            textcoords="offset points",
            va="top",
            fontsize=7,
            linespacing=1.3,
            color=style.MUTED,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )
    ax.set_yticks(tops[:-1] - BAR / 2, [style.readable(source) for source in sources])
    ax.set_ylim(float(tops[-1]) + 0.08, 0.06)
    ax.set_xlim(0, 100)
    ax.set_xlabel("share of the entries read (%)")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    handles = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="white", label=outcome)
        for outcome, (colour, hatch) in outcomes.items()
    ]
    style.heading(fig, "Entries accepted and refused, by source", handles)
    return fig


def _bar(ax: Axes, rows: pd.DataFrame, top: float, outcomes: dict[str, tuple[str, str]]) -> None:
    counts = rows.groupby("outcome")["entries"].sum()
    left = 0.0
    for outcome, (colour, hatch) in outcomes.items():
        share = 100 * float(counts.get(outcome, 0)) / float(counts.sum())
        ax.barh(
            top,
            share,
            -BAR,
            left=left,
            align="edge",
            color=colour,
            hatch=hatch,
            edgecolor="white",
            # a white edge would hide the narrowest segments
            linewidth=0.3 if share > 1 else 0,
        )
        left += share


def _outcomes(table: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Colour and hatch of the outcomes present; a reason has the same ones in every figure."""
    found = set(table["outcome"])
    if found - {ACCEPTED, *_REASONS}:
        raise ValueError(f"unknown outcomes: {sorted(found - {ACCEPTED, *_REASONS})}")
    looks = {ACCEPTED: (ACCEPTED_COLOUR, "")}
    palette = style.OKABE_ITO
    for i, reason in enumerate(_REASONS):
        looks[reason] = (palette[i % len(palette)], "" if i < len(palette) else "//////")
    return {outcome: look for outcome, look in looks.items() if outcome in found}


def _caption(rows: pd.DataFrame) -> str:
    """Return all counts of a source in words, refusals of a stage from the most frequent."""
    accepted = rows.loc[rows["outcome"] == ACCEPTED, "entries"].sum()
    text = f"{rows['entries'].sum():,} read: {accepted:,} accepted"
    refused = rows[rows["outcome"] != ACCEPTED].sort_values("entries", ascending=False)
    for stage in sorted(set(refused["stage"]), key=lambda name: (name != FIRST_STAGE, name)):
        chosen = refused[refused["stage"] == stage]
        counts = [
            f"{entries:,} {outcome}".replace(" ", "\N{NO-BREAK SPACE}")
            for outcome, entries in zip(chosen["outcome"], chosen["entries"], strict=True)
        ]
        text += f"; refused as {style.readable(stage)}: {', '.join(counts)}"
    return "\n".join(textwrap.wrap(text, 112))
