"""Agreement of a stated chemical formula with the composition of the sites."""

import re
from collections.abc import Iterator, Mapping

from pymatgen.core.composition import Composition
from pymatgen.core.periodic_table import DummySpecies, Element, Species

# One atom in a thousand: above the rounding of amounts such as 0.333, below one atom of a cell.
TOLERANCE = 1e-3
MAX_LENGTH = 1000

_SEPARATORS = "[·•∙*]"
_FULL_STOP_BEFORE_WATER = r"\.(?=\s*\d*\.?\d*\s*\(?[HD]2\s*O)"
_AMOUNT_FIRST = re.compile(r"\s*(\d*\.?\d*)\s*(.*)", re.DOTALL)


def element(species: Element | Species | DummySpecies) -> Element | None:
    """Return the element of a species without charge or spin, or None for a dummy species."""
    if isinstance(species, DummySpecies):
        return None
    bare = species if isinstance(species, Element) else species.element
    return Element.from_Z(bare.Z)  # deuterium and tritium become hydrogen


def readings(formula: str) -> list[dict[str, float]]:
    """Read a formula in every way it may be meant.

    Parameters
    ----------
    formula
        Text such as ``Pb S``, ``Ca (C O3)``, ``CaSO4·2H2O`` or ``CaSO4 .5H2O``. The full stop
        before water is read as a separator and as a decimal point, since databases use both.

    Returns
    -------
    list of dict
        Fraction of atoms by element symbol, deuterium counted as hydrogen, one dictionary per
        reading; empty if the text is no formula.
    """
    if len(formula) > MAX_LENGTH:
        return []
    found = []
    for parts in _splits(formula.strip().strip("'\"")):
        try:
            found.append(_fractions(parts))
        except (ValueError, TypeError, ArithmeticError, IndexError):
            continue
    return found


def agrees(stated: Mapping[str, float], counts: Mapping[str, int]) -> bool:
    """Whether stated fractions of atoms are those of the sites, within :data:`TOLERANCE`.

    Parameters
    ----------
    stated
        Fraction of atoms by symbol.
    counts
        Number of sites by symbol.
    """
    n_sites = sum(counts.values())
    return all(
        abs(stated.get(symbol, 0.0) - counts.get(symbol, 0) / n_sites) <= TOLERANCE
        for symbol in stated.keys() | counts.keys()
    )


def _splits(formula: str) -> Iterator[list[str]]:
    yield [formula]
    as_separator = re.split(f"{_SEPARATORS}|{_FULL_STOP_BEFORE_WATER}", formula)
    if len(as_separator) > 1:
        yield as_separator
    as_point = re.split(rf"{_SEPARATORS}|(?={_FULL_STOP_BEFORE_WATER})", formula)
    if len(as_point) > 1 and as_point != as_separator:
        yield as_point


def _fractions(parts: list[str]) -> dict[str, float]:
    amounts: dict[str, float] = {}
    for part in parts:
        match = _AMOUNT_FIRST.fullmatch(part)
        assert match is not None  # every group may be empty
        factor = float(match[1]) if match[1] else 1.0
        for species, amount in Composition(match[2]).items():
            bare = element(species)
            if bare is None:
                raise ValueError(f"{species} is no element")
            amounts[bare.symbol] = amounts.get(bare.symbol, 0.0) + factor * amount
    total = sum(amounts.values())
    return {symbol: amount / total for symbol, amount in amounts.items()}
