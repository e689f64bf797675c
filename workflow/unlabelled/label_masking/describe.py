"""Crystal table -> table of descriptors, in parallel."""

import logging
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pymatgen.core.structure import Structure

from unlabelled.errors import UserError
from unlabelled.label_masking.descriptors import DESCRIPTORS, Floats, read_elements
from unlabelled.parallel import OrderedMap
from unlabelled.structures.table import structures
from unlabelled.tables import field

_CRYSTALS_PER_TASK = 16

log = logging.getLogger(__name__)

Number = TypeVar("Number", bound=np.floating[Any])
Described = tuple[str, Floats | str]  # identifier; vector, or why there is none


def schema(length: int) -> pa.Schema:
    """Return the schema of a table of descriptors with `length` numbers each."""
    return pa.schema(
        [
            field("material_id", pa.string(), "identifier in the crystal table"),
            field("embedding", pa.list_(pa.float32(), length), "vector of the descriptor"),
        ]
    )


def describe(crystals: str | Path, descriptor: str, **options: Any) -> pa.Table:
    """Return the table of a descriptor of all crystals, as of :func:`vectors`.

    A crystal that has none gets the mean vector of the others, so that all representations are
    tested on the same crystals.

    Returns
    -------
    pyarrow.Table
        Columns of :func:`schema`, rows in the order of the crystal table.
    """
    ids, found = vectors(crystals, descriptor, **options)
    table = with_means(found)
    embedding = pa.FixedSizeListArray.from_arrays(pa.array(table.ravel()), table.shape[1])
    return pa.table({"material_id": pa.array(ids, pa.string()), "embedding": embedding})


def with_means(found: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """Return vectors (n, d) with the mean of the others for those that are NaN."""
    without = np.isnan(found).any(axis=1)
    filled = found.copy()
    filled[without] = found[~without].mean(axis=0, dtype=np.float64)
    return filled


def vectors(
    crystals: str | Path,
    descriptor: str,
    *,
    elements: str | Path | None = None,
    processes: int,
    seconds_per_crystal: float,
    memory_mb_per_crystal: float,
) -> tuple[list[str], npt.NDArray[np.float32]]:
    """Compute a descriptor of every crystal of a crystal table.

    Parameters
    ----------
    crystals
        Crystal table.
    descriptor
        Name in :data:`unlabelled.label_masking.descriptors.DESCRIPTORS`.
    elements
        Table of element properties, for descriptors that need one.
    processes
        Worker processes; the outcome does not depend on their number.
    seconds_per_crystal
        Time after which a crystal is given up.
    memory_mb_per_crystal
        Memory above which it is, in 10^6 bytes.

    Returns
    -------
    ids : list of str
        Identifiers, in the order of the crystal table.
    vectors : numpy.ndarray
        (n, d) float32; NaN for a crystal that has none, which is named in the log.

    Raises
    ------
    UserError
        If the descriptor is not known or fails for every crystal, or the table of element
        properties cannot be read.
    ValueError
        If the descriptor needs a table of element properties and none is given.
    """
    if descriptor not in DESCRIPTORS:
        raise UserError(f"there is no descriptor {descriptor!r}: known: {', '.join(DESCRIPTORS)}")
    length = DESCRIPTORS[descriptor].length
    mapped: OrderedMap[tuple[str, Structure], Described] = OrderedMap(
        partial(_describe_one, function=_function(descriptor, elements)),
        lambda item, message: (item[0], message),
        processes=processes,
        seconds=lambda item: seconds_per_crystal,
        memory_mb=memory_mb_per_crystal,
        size=lambda item: 1 / _CRYSTALS_PER_TASK,
    )
    ids: list[str] = []
    found: list[Floats] = []
    failed = []
    for material_id, described in mapped(structures(crystals)):
        ids.append(material_id)
        if isinstance(described, str):
            log.warning("%s has no %s: %s", material_id, descriptor, described)
            failed.append(f"{material_id}: {described}")
            described = np.full(length, np.nan)
        found.append(described.astype(np.float32))
    if failed and len(failed) == len(ids):
        raise UserError(
            f"{descriptor} fails for all {len(ids)} crystals of {crystals}, first {failed[0]}"
        )
    log.info("%s: %d crystals, %d without", descriptor, len(ids), len(failed))
    return ids, np.array(found, np.float32).reshape(-1, length)


def _function(descriptor: str, elements: str | Path | None) -> Callable[[Structure], Floats]:
    chosen = DESCRIPTORS[descriptor]
    if not chosen.needs_elements:
        return chosen.function
    if elements is None:
        raise ValueError(f"{descriptor} needs a table of element properties")
    return partial(chosen.function, elements=read_elements(elements))


def _describe_one(
    item: tuple[str, Structure], function: Callable[[Structure], Floats]
) -> Described:
    material_id, structure = item
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen's advice on its own API
        vector = function(structure)
    if not np.isfinite(vector).all():
        return material_id, "not all of its numbers are finite"
    return material_id, vector
