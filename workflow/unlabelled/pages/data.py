"""Tables as JSON inside a page."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from markupsafe import Markup

# what HTML gives a meaning to, and the two line ends that JSON knows and JavaScript did not
_ESCAPED = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}


class Column(NamedTuple):
    """A column of a table on a page.

    Attributes
    ----------
    name
        Of the column in the data.
    title
        Printed above it, with the unit.
    decimals
        Of its numbers; none for text.
    """

    name: str
    title: str
    decimals: int | None = None


def columnar(table: pd.DataFrame, columns: Sequence[Column]) -> dict[str, list[Any]]:
    """Return columns by name, numbers rounded to their decimals, unknown values as None."""
    return {
        column.name: table[column.name]
        .astype(object)
        .where(table[column.name].notna(), None)
        .tolist()
        if column.decimals is None
        else _decimals(table[column.name], column.decimals)
        for column in columns
    }


def _decimals(values: Iterable[float], decimals: int) -> list[float | None]:
    numbers = np.round(np.asarray(values, float), decimals).tolist()
    if decimals == 0:
        numbers = [int(number) if np.isfinite(number) else number for number in numbers]
    return [number if np.isfinite(number) else None for number in numbers]


def rounded(values: Iterable[float], digits: int = 4) -> list[float | None]:
    """Return numbers to so many significant digits; what is not finite as None."""
    return [
        float(f"{number:.{digits}g}") if np.isfinite(number) else None
        for number in np.asarray(values, float).tolist()
    ]


def embedded(value: Any) -> Markup:
    """Return JSON that may stand inside a script element: it has no character of HTML.

    Raises
    ------
    ValueError
        If a number is not finite.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_ESCAPED))  # noqa: S704 - escaped in the line above
