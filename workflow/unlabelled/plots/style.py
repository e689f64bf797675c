"""The one style of all figures.

Colours are those of Okabe and Ito, told apart by colour-blind readers. Type is set for the widths
of a two-column page.
"""

import functools
import math
import shutil
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from unlabelled.files import written_whole

COLUMN = 3.4  # in, width of one column
PAGE = 7.0  # in, width of both columns

# in, mean advance of a character: notes (7 pt), legends (8 pt), titles (9 pt bold)
NOTE_EM, TEXT_EM, BOLD_EM = 0.051, 0.063, 0.076
LINE = 0.17  # in, one line of the heading
LEAST = 0.42  # in, least height of a panel of few rows

INK = "#262626"
MUTED = "#666666"
GRID = "#E4E4E4"
GREY = "#8A8A8A"
VIRIDIS = (0.03, 0.84)  # without the yellow end, too pale on white
BEYOND = "Arrowheads: beyond the end of the axis. "
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")

_ARMS = {  # in the order of legends
    "untrained": (GREY, "o"),
    "untrained_as_published": ("#5E5E5E", "o"),
    "scratch": (GREY, "o"),
    "element_statistics": ("#CC79A7", "P"),
    "as_published": ("#0072B2", "s"),
    "corrected": ("#D55E00", "D"),
    "extended": ("#009E73", "^"),
}
# Okabe and Ito's others, then Tol's "muted" ones
_SPARE_COLOURS = (
    *("#E69F00", "#56B4E9", "#332288", "#B8A800", "#882255", "#44AA99"),
    *("#AA4499", "#117733", "#661100", "#6699CC", "#999933", "#CC6677"),
)
_SPARE_MARKERS = ("v", "X", "<", ">", "h")  # five: no divisor in common with twelve colours

_HEADS = {  # in the order of panels
    "linear": "linear",
    "ridge": "ridge",
    "mlp": "MLP",
    "random_forest": "random forest",
    "extra_trees": "extra trees",
    "trees_and_gp": "trees + GP",
    "linear_unscaled": "linear, unscaled",
    "mlp_unscaled": "MLP, unscaled",
    "fine_tuning": "fine-tuned",
}

_NAMES = {
    **_HEADS,
    "local_dim": "local DIM",
    "local_kl": "local KL divergence",
    "global_dim": "global DIM",
    "global_kl": "global KL divergence",
    "dim": "total DIM objective",
    "crystals_per_second": "crystals trained on",
    "probe_mae": "property probe",
    "point_sets": "point sets",
    "curie_temperature": "Curie temperature",
    "magpie_statistics": "Magpie statistics",
    "xrd_pattern": "XRD pattern",
    "i_vec": "I_vec",
    "i_rnd": "I_rnd",
    "fractional_anisotropy": "FA",
    "fractional_anisotropy_normalised": "FA, normalised",
    "participation_ratio_corrected": "PR, unbiased",
    "isoscore": "IsoScore",
    "isoscore_star": "IsoScore*",
    "none": "none",
    "rbf_published": "RBF, published",
    "rbf_median": "RBF, median γ",
    "nystroem": "Nyström",
    "skewed_chi2": "skewed χ²",
    "additive_chi2": "additive χ²",
    "projection_published": "projection, 1/D",
    "projection": "projection, 1/√D",
    "unit": "scaled to 0…1",
    "power_law": "power law",
    "half_zero": "half of the axes zero",
    "stability_k_means": "stability (ARI)",
}

RC: dict[Any, Any] = {  # keys are not str: matplotlib types them as literals
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same glyphs on every machine
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "figure.titlesize": 9,
    "figure.titleweight": "bold",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.2,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "legend.columnspacing": 1.4,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "unlabelled",
}

_METADATA: dict[str, dict[str, None]] = {
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
    "png": {},
}

P = ParamSpec("P")


def styled(
    draw: Callable[Concatenate[pd.DataFrame, P], Figure],
) -> Callable[Concatenate[pd.DataFrame, P], Figure]:
    """Draw with this style, and refuse a table without rows with a ValueError."""

    @functools.wraps(draw)
    def wrapper(table: pd.DataFrame, /, *args: P.args, **kwargs: P.kwargs) -> Figure:
        if table.empty:
            raise ValueError(f"nothing to draw: the table given to {draw.__name__} is empty")
        with mpl.rc_context(RC):
            return draw(table, *args, **kwargs)

    return wrapper


def figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches, outside pyplot and of the Agg backend."""
    fig = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(fig)
    return fig


def save(fig: Figure, paths: Iterable[str | Path]) -> None:
    """Write a figure, each file whole or not at all and without a date.

    Parameters
    ----------
    fig
        Figure; its layout is settled here, so that all formats share it.
    paths
        Files; the suffix .pdf, .svg or .png (300 dpi) says the format.

    Raises
    ------
    ValueError
        If a suffix is none of these.
    """
    targets = [Path(path) for path in paths]
    for path in targets:
        if path.suffix[1:] not in _METADATA:
            raise ValueError(f"{path}: figures are written as .pdf, .svg or .png")
    with mpl.rc_context(RC):
        fig.draw_without_rendering()
        fig.set_layout_engine("none")
        for path in targets:
            kind = path.suffix[1:]
            with written_whole(path) as temporary:
                fig.savefig(temporary, format=kind, dpi=300, metadata=_METADATA[kind])


def save_with_table(fig: Figure, table: str | Path, paths: Iterable[str | Path]) -> None:
    """Write a figure and beside it a copy of the table that it shows.

    Parameters
    ----------
    fig
        Figure.
    table
        Parquet file that the figure was drawn from.
    paths
        Files as in :func:`save`, and .parquet for the copy.

    Raises
    ------
    ValueError
        If a suffix is none of these.
    """
    targets = [Path(path) for path in paths]
    save(fig, [path for path in targets if path.suffix != ".parquet"])
    for path in targets:
        if path.suffix == ".parquet":
            with written_whole(path) as temporary:
                shutil.copyfile(table, temporary)


def readable(name: str) -> str:
    """Return the name to print: ``as_published`` becomes "as published"."""
    return _NAMES.get(name, name.replace("_", " "))


def method(arm: str, head: str) -> str:
    """Return the name of a regressor on a representation: "corrected, extra trees"."""
    return f"{readable(arm)}, {readable(head)}"


def appearing(values: Iterable[str]) -> list[str]:
    """Return the distinct values in the order of the table, which is that of the configuration."""
    return list(dict.fromkeys(values))


def heads_in_order(heads: Iterable[str]) -> list[str]:
    """Return the distinct heads as figures show them: the known ones first, then by name."""
    known = list(_HEADS)
    return sorted(set(heads), key=lambda head: (known.index(head) if head in known else 99, head))


def of_methods(table: pd.DataFrame, methods: Iterable[Sequence[str]]) -> pd.DataFrame:
    """Return the rows of some methods (arm, head), in the order of the methods."""
    parts = [table[(table["arm"] == arm) & (table["head"] == head)] for arm, head in methods]
    return pd.concat([table.iloc[:0], *parts], ignore_index=True)


def looks(arms: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return colour and marker of every arm, known ones first.

    Known arms have theirs in all figures; others take spare ones by name, of which there are 60.
    """
    found = set(arms)
    others = sorted(found - set(_ARMS))
    return {arm: look for arm, look in _ARMS.items() if arm in found} | {
        arm: (
            _SPARE_COLOURS[i % len(_SPARE_COLOURS)],
            _SPARE_MARKERS[i % len(_SPARE_MARKERS)],
        )
        for i, arm in enumerate(others)
    }


def number_colours(numbers: Iterable[int]) -> dict[int, str]:
    """Return a colour of the viridis scale for every number of labels, in increasing order.

    Three numbers have the colours of the first three of four, so that a task without the largest
    number looks like the others.
    """
    found = sorted({int(number) for number in numbers})
    steps = np.linspace(*VIRIDIS, max(len(found), 4))
    return {n: to_hex(colormaps["viridis"](step)) for n, step in zip(found, steps, strict=False)}


def tint(colour: str) -> tuple[float, float, float]:
    """Return a light, opaque tint of a colour."""
    red, green, blue = (1 - 0.3 * (1 - channel) for channel in to_rgb(colour))
    return red, green, blue


def bound(values: Iterable[float], times: float = 3) -> float:
    """Return where to end an axis of non-negative values, so that few huge ones do not flatten it.

    That is their maximum, but at most some `times` their upper quartile.
    """
    finite = np.asarray([value for value in values if math.isfinite(value)])
    return float(min(finite.max(), times * np.quantile(finite, 0.75)))


def beyond(ax: Axes, x: float, y: Iterable[float], colour: str) -> None:
    """Mark values beyond an end `x` of the x axis by arrowheads."""
    left = x == ax.get_xlim()[0]
    ys = list(y)
    if not ys:
        return
    ax.plot(
        [x] * len(ys),
        ys,
        linestyle="none",
        marker="$◂$" if left else "$▸$",
        markersize=5,
        markeredgewidth=0,
        color=colour,
        clip_on=False,
        zorder=4,
    )


def line_heading(ax: Axes, text: str) -> None:
    """Write what a row of panels has in common above the title of its first panel."""
    ax.annotate(
        text,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 19),
        textcoords="offset points",
        fontsize=9,
    )


def columns(titles: Iterable[str], room: float, most: int) -> int:
    """Return how many panels fit beside each other in `room` inches by their titles."""
    longest = max(len(title) for title in titles) + 4  # the letter
    return max(1, min(most, int(room / (BOLD_EM * longest))))


def panel_letters(axes: Iterable[Axes]) -> None:
    """Put a, b, c, ... before the panel titles; a single panel needs none."""
    panels = list(axes)
    if len(panels) < 2:
        return
    for letter, ax in zip("abcdefghijklmnopqrstuvwxyz", panels, strict=False):
        ax.set_title(f"{letter}   {ax.get_title(loc='left')}", loc="left")


def counted(numbers: Iterable[int], what: str) -> str:
    """Return "12 draws" or, where the number differs, "8–12 draws"."""
    found = sorted({int(number) for number in numbers})
    if len(found) > 1:
        return f"{found[0]:,}–{found[-1]:,} {what}s"
    return f"{found[0]:,} {what}{'' if found[0] == 1 else 's'}"


def heading(fig: Figure, title: str, handles: Sequence[Artist]) -> None:
    """Write title and legend (if any) above the panels; the figure grows by their height.

    Legend and title are one artist, since the layout keeps no room between two.
    """
    width = fig.get_figwidth()
    title = _wrapped(title, width, BOLD_EM)
    if not handles:
        fig.set_figheight(fig.get_figheight() + LINE * (title.count("\n") + 1))
        fig.suptitle(title, x=0.005, ha="left")
        return
    longest = max(len(str(handle.get_label())) for handle in handles)
    columns = max(1, min(len(handles), int(width / (0.5 + TEXT_EM * longest))))
    lines = math.ceil(len(handles) / columns) + title.count("\n") + 1
    fig.set_figheight(fig.get_figheight() + LINE * lines)
    fig.legend(
        handles=handles,
        ncols=columns,
        title=title,
        title_fontproperties={"size": 9, "weight": "bold"},
        loc="outside upper left",
        alignment="left",
        borderpad=0.1,
        borderaxespad=0.2,
    )


def note(fig: Figure, text: str) -> None:
    """Write a small note under the panels; the figure grows by its height."""
    text = _wrapped(text, fig.get_figwidth(), NOTE_EM)
    fig.set_figheight(fig.get_figheight() + 0.13 * (text.count("\n") + 1))
    fig.supxlabel(text, x=0.01, ha="left", fontsize=7, color=MUTED, linespacing=1.3)


def _wrapped(text: str, width: float, em: float) -> str:
    return "\n".join(textwrap.wrap(text, int(0.97 * width / em)))


def one_task(table: pd.DataFrame) -> str:
    """Return the task of a table; ValueError if there are several."""
    tasks = sorted(set(table["task"]))
    if len(tasks) != 1:
        raise ValueError(f"a figure shows one task, not {len(tasks)}: {', '.join(tasks)}")
    return str(tasks[0])
