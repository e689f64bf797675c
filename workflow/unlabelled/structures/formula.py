"""Chemical formulas: reading them, and their agreement with the composition of the sites."""

import re
from collections.abc import Iterator, Mapping

from pymatgen.core.composition import Composition
from pymatgen.core.periodic_table import DummySpecies, Element, Species

from unlabelled.structures.schema import bounded

# One atom in a thousand: above the rounding of amounts such as 0.333, below one atom of a cell.
TOLERANCE = 1e-3
MAX_LENGTH = 1000
MAX_ATOMS = 1e6  # of a formula unit; beyond, statistics of a composition lose their digits

_SEPARATORS = "[·•∙*]"
_FULL_STOP_BEFORE_WATER = r"\.(?=\s*\d*\.?\d*\s*\(?[HD]2\s*O)"
_AMOUNT_FIRST = re.compile(r"\s*(\d*\.?\d*)\s*(.*)", re.DOTALL)


class NoFormulaError(ValueError):
    """A text is not a chemical formula; the message says why."""


class UnknownElementError(NoFormulaError):
    """A text is built like a formula, but one of its symbols is no element."""


def element(species: Element | Species | DummySpecies) -> Element | None:
    """Return the element of a species without charge or spin, or None for a dummy species."""
    if isinstance(species, DummySpecies):
        return None
    bare = species if isinstance(species, Element) else species.element
    return Element.from_Z(bare.Z)  # deuterium and tritium become hydrogen


def amounts(formula: str) -> list[dict[str, float]]:
    """Read a formula in every way it may be meant.

    Parameters
    ----------
    formula
        Text such as ``Pb S``, ``Ca (C O3)``, ``Fe0.9999Cu5e-05``, ``CaSO4·2H2O`` or
        ``CaSO4 .5H2O``. The full stop before water is read as a separator and as a decimal point,
        since databases use both.

    Returns
    -------
    list of dict
        Atoms of a formula unit by element symbol, brackets expanded, deuterium counted as hydrogen;
        one dictionary per reading, at least one.

    Raises
    ------
    NoFormulaError
        If there is no reading.
    """
    if len(formula) > MAX_LENGTH:
        raise NoFormulaError(f"{len(formula)} characters are more than {MAX_LENGTH}")
    found = []
    fault = NoFormulaError(f"{bounded(formula, 100)!r} is not a formula")
    for parts in _splits(formula.strip().strip("'\"")):
        try:
            found.append(_amounts(parts))
        except UnknownElementError as error:
            fault = error
        except (ValueError, TypeError, ArithmeticError, IndexError, RecursionError):
            continue
    if not found:
        raise fault
    return found


def readings(formula: str) -> list[dict[str, float]]:
    """Fractions of atoms by element symbol, as :func:`amounts`; empty if there is no reading."""
    try:
        found = amounts(formula)
    except NoFormulaError:
        return []
    return [_fractions(one) for one in found]


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


def _amounts(parts: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in parts:
        match = _AMOUNT_FIRST.fullmatch(part)
        assert match is not None  # every group may be empty
        factor = float(match[1]) if match[1] else 1.0
        for species, amount in Composition(match[2]).items():
            bare = element(species)
            if bare is None:
                raise UnknownElementError(f"{species.symbol} is no element")
            found[bare.symbol] = found.get(bare.symbol, 0.0) + factor * amount
    if not 0 < sum(found.values()) <= MAX_ATOMS:
        raise ValueError("there are no atoms, or too many")
    return found


def _fractions(amounts: Mapping[str, float]) -> dict[str, float]:
    total = sum(amounts.values())
    return {symbol: amount / total for symbol, amount in amounts.items()}
