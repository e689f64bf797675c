"""Compositions as PyAtom2Vec stores them: amounts by atomic number less one, in JSON."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pymatgen.core.periodic_table import Element

from unlabelled.errors import SourceError
from unlabelled.sources.entry import FormulaEntry


def entries(name: str, path: str | Path) -> Iterator[FormulaEntry]:
    """Yield the compositions, as formulas such as ``Ac1La3``; they have no labels.

    Parameters
    ----------
    name
        Name of the source, for messages.
    path
        A JSON object with a list of ``{"Z - 1": amount}`` under ``names``.

    Raises
    ------
    SourceError
        If the file is missing or is no such object.
    """
    try:
        records = json.loads(Path(path).read_text(encoding="utf-8"))["names"]
        if not isinstance(records, list):
            raise TypeError("no list of compositions under 'names'")
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise SourceError(
            f"source {name!r}: {path} is no list of compositions under 'names' in JSON "
            f"({type(error).__name__}: {error}); correct `read` or fetch it again"
        ) from error
    for number, record in enumerate(records, start=1):
        try:
            formula = "".join(
                f"{_symbol(int(less_one) + 1)}{float(amount):.12g}"
                for less_one, amount in record.items()
            )
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            fault = f"{record!r} is no composition: {error}"
            yield FormulaEntry("", {}, fault, f"row-{number}")
        else:
            yield FormulaEntry(formula, {}, None, formula or f"row-{number}")


@cache  # a look-up in pymatgen takes longer than all else
def _symbol(number: int) -> str:
    symbol: str = Element.from_Z(number).symbol
    return symbol
