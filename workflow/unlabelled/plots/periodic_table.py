"""The periodic table as a heat map."""

from collections.abc import Collection, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from unlabelled.plots import style

_ROWS = (
    "H  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  He",
    "Li Be .  .  .  .  .  .  .  .  .  .  B  C  N  O  F  Ne",
    "Na Mg .  .  .  .  .  .  .  .  .  .  Al Si P  S  Cl Ar",
    "K  Ca Sc Ti V  Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr",
    "Rb Sr Y  Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I  Xe",
    "Cs Ba .  Hf Ta W  Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn",
    "Fr Ra .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .",
    "",
    ".  .  La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu",
    ".  .  Ac Th Pa U  Np Pu",
)
#: Column and row of every element up to plutonium, both from 0; lanthanides and actinides below.
PLACES: dict[str, tuple[int, int]] = {
    symbol: (column, row)
    for row, symbols in enumerate(_ROWS)
    for column, symbol in enumerate(symbols.split())
    if symbol != "."
}
_SPACE = 7  # row between table and lanthanides, less high
_SQUEEZED = 0.5  # of the height of a row
COLUMNS = 18
HEIGHT = len(_ROWS) - _SQUEEZED  # in cells

EMPTY = "#ECECEC"
FEW = "///////"  # hatch
_HATCH = 0.3  # of the colour of the letters in that of a hatch
_DARK = 0.5  # luminance below which text is white


def periodic_table(
    ax: Axes,
    values: Mapping[str, float],
    *,
    colours: ScalarMappable,
    texts: Mapping[str, str],
    few: Collection[str] = (),
) -> None:
    """Colour the elements by values.

    Parameters
    ----------
    ax
        Axes; its own lines and ticks are removed.
    values
        By symbol. Elements without one, or with NaN, are grey.
    colours
        Norm and colour map.
    texts
        What is written below the symbols, in small type.
    few
        Elements that are hatched.

    Raises
    ------
    ValueError
        If a symbol is not in :data:`PLACES`.
    """
    if strange := sorted(set(values) - set(PLACES)):
        raise ValueError(f"not in the periodic table: {', '.join(strange)}")
    for symbol, (column, row) in PLACES.items():
        y = row - _SQUEEZED * (row > _SPACE)
        value = values.get(symbol, np.nan)
        known = bool(np.isfinite(value))
        face, ink = to_rgb(EMPTY), style.MUTED
        if known:
            red, green, blue, _ = colours.to_rgba(np.array([value]))[0].tolist()
            face = red, green, blue
            light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
            ink = "white" if light < _DARK else style.INK
        hatched = known and symbol in few
        ax.add_patch(
            Rectangle(
                (column + 0.03, y + 0.03),
                0.94,
                0.94,
                facecolor=face,
                edgecolor=_between(face, ink) if hatched else "none",
                hatch=FEW if hatched else None,
                linewidth=0,
            )
        )
        # around letters no hatch
        halo = [withStroke(linewidth=2.6, foreground=face)] if hatched else []
        small = texts.get(symbol, "") if known else ""
        ax.text(
            column + 0.5,
            y + (0.37 if small else 0.5),
            symbol,
            ha="center",
            va="center",
            fontsize=7.5,
            fontweight="bold" if known else "normal",
            color=ink,
            path_effects=halo,
        )
        ax.text(
            column + 0.5,
            y + 0.77,
            small,
            ha="center",
            va="center",
            fontsize=5.3,
            color=ink,
            path_effects=halo,
        )
    ax.set_xlim(0, COLUMNS)
    ax.set_ylim(HEIGHT, 0)
    ax.set_axis_off()


def _between(face: tuple[float, float, float], ink: str) -> tuple[float, ...]:
    """Colour of a hatch that is seen on a face, but no more than needed."""
    return tuple(_HATCH * np.array(to_rgb(ink)) + (1 - _HATCH) * np.array(face))
