"""Summaries of the measurements, and their figure."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

from unlabelled.plots import style

LITERAL, FAST = style.GREY, style.OKABE_ITO[0]


def ratios(timings: pd.DataFrame) -> pd.DataFrame:
    """Literal over package, of every pair of runs.

    Parameters
    ----------
    timings
        One row per run, as :func:`benchmarks.timing.compare` returns them.

    Returns
    -------
    pandas.DataFrame
        One row per measurement and variant: min, median and max of the ratio, crystals per second
        (medians) and peak memory (MB) of both sides.
    """
    rows = []
    for (measurement, variant), runs in timings.groupby(["measurement", "variant"], sort=False):
        wide = runs.pivot_table(["seconds", "peak_memory"], "repeat", "side")
        ratio = wide["seconds"]["literal"] / wide["seconds"]["fast"]
        rate = runs["crystals"].iloc[0] / wide["seconds"].median()
        peak = wide["peak_memory"].iloc[0] / 1e6
        rows.append(
            {
                "measurement": measurement,
                "variant": variant,
                "min": ratio.min(),
                "median": ratio.median(),
                "max": ratio.max(),
                "literal_per_s": rate["literal"],
                "fast_per_s": rate["fast"],
                "literal_MB": peak["literal"],
                "fast_MB": peak["fast"],
            }
        )
    return pd.DataFrame(rows)


def memory_of_a_pair(memory: pd.DataFrame) -> pd.DataFrame:
    """Slope of the peak memory between two sizes of batch, bytes per pair, by variant and side."""
    rows = []
    for (variant, side), sizes in memory.groupby(["variant", "side"], sort=False):
        slope, _ = np.polyfit(sizes["pairs"], sizes["peak_memory"], 1)
        rows.append({"variant": variant, "side": side, "bytes": slope})
    return pd.DataFrame(rows)


@style.styled
def bench(compared: pd.DataFrame, memory: pd.DataFrame, growth: pd.DataFrame) -> Figure:
    """Ratios, memory of a pair, and time against the number of pairs.

    Parameters
    ----------
    compared, memory
        From :func:`ratios` and :func:`memory_of_a_pair`.
    growth
        Columns measurement, number, pairs, seconds.
    """
    fig = style.figure(style.PAGE, 4.2)
    (speed, bytes_, cells, dataset) = fig.subplots(2, 2).flat
    _ratios(speed, compared)
    _memory(bytes_, memory)
    _growth(cells, growth[growth["measurement"] == "step"], "sites per crystal")
    _growth(dataset, growth[growth["measurement"] == "embedding"], "crystals")
    cells.set_title("time of a step")
    dataset.set_title("time of embedding")
    style.panel_letters([speed, bytes_, cells, dataset])
    handles = [
        Line2D([], [], linestyle="none", marker="o", color=colour, label=label)
        for label, colour in (("literal form", LITERAL), ("package", FAST))
    ]
    style.heading(fig, "The package against the literal form of the method", handles)
    style.note(
        fig,
        "One thread, both sides in turn in one process. a: median and range of the pairs of runs. "
        "b: growth with the pairs of a batch. c, d: dashed, time proportional to the pairs, at the "
        "median time of a pair.",
    )
    return fig


def _ratios(ax: Axes, compared: pd.DataFrame) -> None:
    y = np.arange(len(compared))[::-1]
    low, middle, high = compared["min"], compared["median"], compared["max"]
    ax.errorbar(
        middle, y, xerr=[middle - low, high - middle], fmt="o", color=FAST, markersize=4, capsize=2
    )
    names = compared["measurement"] + compared["variant"].map(
        lambda variant: f", {style.readable(variant)}" if variant else ""
    )
    ax.set_yticks(y, names)
    ax.axvline(1, color=style.MUTED, linewidth=0.8)
    ax.set_xscale("log")
    _plain_numbers(ax.xaxis)
    ax.set_xlabel("literal / package")
    ax.set_title("time")


def _memory(ax: Axes, memory: pd.DataFrame) -> None:
    variants = style.appearing(memory["variant"])
    for side, colour in (("literal", LITERAL), ("fast", FAST)):
        of_side = memory[memory["side"] == side].set_index("variant")["bytes"] / 1000
        ax.plot(of_side[variants], range(len(variants)), "o", color=colour, markersize=5)
    ax.set_yticks(range(len(variants)), [style.readable(variant) for variant in variants])
    ax.set_ylim(-0.5, len(variants) - 0.5)
    ax.set_xlim(left=0)
    ax.set_xlabel("kB per pair of sites")
    ax.set_title("peak memory of the local stage")


def _growth(ax: Axes, growth: pd.DataFrame, counted: str) -> None:
    growth = growth.sort_values("pairs")
    ax.loglog(growth["pairs"], growth["seconds"], "o", color=FAST, markersize=4)
    proportional = growth["pairs"] * (growth["seconds"] / growth["pairs"]).median()
    ax.plot(growth["pairs"], proportional, color=style.MUTED, linestyle="--", linewidth=0.8)
    for _, row in growth.iterrows():
        ax.annotate(
            f"{row['number']:,.0f}",
            (row["pairs"], row["seconds"]),
            xytext=(4, -7),
            textcoords="offset points",
            fontsize=6.5,
        )
    ax.margins(0.12)
    _plain_numbers(ax.xaxis)
    ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    _plain_numbers(ax.yaxis)
    ax.set_xlabel(f"pairs (numbers: {counted})")
    ax.set_ylabel("s")


def _plain_numbers(axis: Axis) -> None:
    """Write 1, 2, 5, 10, ... on a logarithmic axis; on a long one powers of ten."""
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 50 * low else (1,)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())
