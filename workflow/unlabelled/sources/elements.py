"""Tables of element properties."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pymatgen.core.periodic_table import Element

from unlabelled import tables
from unlabelled.errors import UserError

N_ELEMENTS = 118

log = logging.getLogger(__name__)


def read(path: str | Path, properties: Sequence[str] | None = None) -> npt.NDArray[np.float64]:
    """Read a table of element properties.

    Parameters
    ----------
    path
        CSV or Parquet file with a column ``element`` (symbols) and one column per property.
    properties
        Columns to read, in this order; all of them by default.

    Returns
    -------
    numpy.ndarray
        (119, n_properties), row Z belongs to atomic number Z; NaN where the table has no value.

    Raises
    ------
    UserError
        If the file is not such a table, or an element stands in it twice.
    """
    frame = tables.read_own(path)
    try:
        symbols = frame.pop("element").tolist()
        chosen = frame if properties is None else frame[list(properties)]
        rows = chosen.replace("", "nan").to_numpy(float)
    except (KeyError, ValueError) as error:
        raise UserError(
            f"{path} cannot be read as a table of element properties: {error}"
        ) from error
    known = [Element.is_valid_symbol(symbol) for symbol in symbols]
    numbers = [
        Element(symbol).Z for symbol, is_known in zip(symbols, known, strict=True) if is_known
    ]
    if len(set(numbers)) < len(numbers) or not numbers:
        raise UserError(
            f"{path} cannot be read as a table of element properties: the column 'element' must "
            "hold symbols of elements, each once"
        )
    strange = [symbol for symbol, is_known in zip(symbols, known, strict=True) if not is_known]
    if strange:
        log.warning("%s: no elements, left out: %s", path, ", ".join(map(repr, strange)))
    values = np.full((N_ELEMENTS + 1, rows.shape[1]), np.nan)
    values[numbers] = rows[known]
    return values
