"""Phase fields: sets of chemical elements, as keys of tables and as arrays for models."""

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from pymatgen.core.periodic_table import Element

#: The 87 elements of the study, in order of atomic number.
ELEMENTS: tuple[str, ...] = tuple(
    symbol
    for symbol in (Element.from_Z(number).symbol for number in range(1, 95))
    if symbol not in ("Ne", "Ar", "Po", "At", "Rn", "Fr", "Ra")
)
#: Their atomic numbers, (87,).
ATOMIC_NUMBERS = np.array([Element(symbol).Z for symbol in ELEMENTS])
PADDING = len(ELEMENTS)  # the id of an empty slot

Order = Literal["alphabetical", "atomic_number"]
Ids = npt.NDArray[np.int8]

_IDS = {symbol: number for number, symbol in enumerate(ELEMENTS)}


def key(symbols: Iterable[str]) -> str:
    """Return the name of a field: its symbols in alphabetical order, joined by spaces."""
    return " ".join(sorted(set(symbols)))


def ids(fields: Sequence[str], slots: int | None = None, order: Order = "alphabetical") -> Ids:
    """Return the elements of fields as integers.

    Parameters
    ----------
    fields
        Names of fields, n, of elements in :data:`ELEMENTS`.
    slots
        Number of columns; by default the size of the largest field.
    order
        Of the elements within a field. The models of the study were trained in alphabetical order
        and applied to candidates in order of atomic number.

    Returns
    -------
    numpy.ndarray
        (n, slots) int8, places in :data:`ELEMENTS`; :data:`PADDING` after the last element.

    Raises
    ------
    ValueError
        If a field has more elements than there are slots, or one that is not among the 87.
    """
    try:
        rows = [[_IDS[symbol] for symbol in field.split()] for field in fields]
    except KeyError as error:
        raise ValueError(f"{error} is not among the {len(ELEMENTS)} elements") from error
    if order == "atomic_number":
        rows = [sorted(row) for row in rows]
    largest = max(map(len, rows), default=0)
    if slots is None:
        slots = largest
    elif largest > slots:
        raise ValueError(f"a field of {largest} elements does not fit into {slots} slots")
    found = np.full((len(rows), slots), PADDING, np.int8)
    for row, numbers in zip(found, rows, strict=True):
        row[: len(numbers)] = numbers
    return found


def padded(found: Ids, slots: int) -> Ids:
    """Return fields (n, at most slots) with empty slots up to a number of them, (n, slots)."""
    return np.pad(found, ((0, 0), (0, slots - found.shape[1])), constant_values=PADDING)


def names(found: Ids) -> list[str]:
    """Return the names of fields, the inverse of :func:`ids`."""
    return [key(ELEMENTS[number] for number in row if number != PADDING) for row in found.tolist()]


def multi_hot(found: Ids) -> npt.NDArray[np.bool_]:
    """Return which elements fields have, (n, 87)."""
    flags = np.zeros((len(found), PADDING + 1), bool)
    np.put_along_axis(flags, found.astype(int), True, axis=1)
    return flags[:, :PADDING]


def misaligned(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the rows of elements as the study's regression runs read them.

    There the elements were numbered from H to Rn without a gap, but the rows of the matrix leave
    out Ne, Ar, Po, At, Rn, Fr and Ra: from Na on, every element reads a row further down. Those
    beyond Rn had no number, and fields with them were dropped.

    Parameters
    ----------
    rows
        (87, k), in the order of :data:`ELEMENTS`.

    Returns
    -------
    numpy.ndarray
        (87, k), NaN for the elements beyond Rn.
    """
    numbers = ATOMIC_NUMBERS - 1
    numbered = numbers < Element("Rn").Z
    read = np.full_like(rows, np.nan)
    read[numbered] = rows[numbers[numbered]]
    return read
