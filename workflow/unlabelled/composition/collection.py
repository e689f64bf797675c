"""Sources of formulas, or a crystal table -> compositions table and rejects table."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from pymatgen.core.composition import Composition
from pymatgen.core.periodic_table import Element

from unlabelled import seeds, tables
from unlabelled.composition.schema import compositions
from unlabelled.sources.entry import FormulaEntry
from unlabelled.structures import formula as formulas
from unlabelled.structures.schema import MAX_MESSAGE, MAX_NAME, REJECTS, Reason, bounded

STAGE = "compositions"
_DECIMALS = 10  # of fractions that are equal: far above rounding, far below one atom in a cell
_BATCH = 2000  # crystals in memory at once

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Collected:
    """Compositions, and what became of the rows that were read.

    Attributes
    ----------
    rows
        Columns of :func:`~unlabelled.composition.schema.compositions`.
    rejected
        Columns of :data:`~unlabelled.structures.schema.REJECTS`.
    merged
        Rows that were joined to an earlier one of equal composition. The rows of both tables and
        these are all rows read.
    """

    rows: pd.DataFrame
    rejected: pd.DataFrame
    merged: int


# A formula stands in the table of every label that its compound has.
_readings = cache(formulas.amounts)


class _RejectedError(Exception):
    """An entry is refused: reason and message."""


def of_formulas(
    sources: Iterable[tuple[str, Iterable[FormulaEntry]]], labels: Mapping[str, str]
) -> Collected:
    """Collect the compositions of sources; rows of equal composition become one.

    Parameters
    ----------
    sources
        Name and entries of every source.
    labels
        Unit of every label, by name.

    Returns
    -------
    Collected
        Rows in the order of their first occurrence; a label is the mean over all rows of the
        composition that have it. An entry is refused if its formula has no reading, or several, or
        an unknown element, or if its source states labels and it has none.

    Raises
    ------
    SourceError
        If a source as a whole cannot be read.
    """
    accepted: list[dict[str, Any]] = []
    rejected: list[tuple[str, ...]] = []
    keys: list[tuple[tuple[int, float], ...]] = []
    for source, entries in sources:
        for entry in entries:
            try:
                amounts = _amounts(entry)
            except _RejectedError as refusal:
                reason, message = refusal.args
                name = bounded(entry.name, MAX_NAME)
                rejected.append((name, source, STAGE, reason, bounded(message, MAX_MESSAGE)))
                continue
            numbers, values = zip(*sorted(amounts.items()), strict=True)
            fractions = np.round(np.array(values) / sum(values), _DECIMALS)
            keys.append(tuple(zip(numbers, fractions.tolist(), strict=True)))
            accepted.append(
                {
                    **dict.fromkeys(labels),
                    **entry.labels,
                    "entry": entry.name,
                    "source": source,
                    "formula": entry.formula,
                    "atomic_numbers": numbers,
                    "amounts": values,
                }
            )
    rows = pd.DataFrame(accepted, columns=compositions(labels).names)
    group = pd.factorize(pd.Series(keys, dtype=object))[0]
    measured = rows[sorted(labels)].astype(float)
    rows[sorted(labels)] = measured.groupby(group).transform("mean")
    rows["n_rows"] = np.bincount(group)[group]
    first = ~pd.Series(group).duplicated().to_numpy()
    rows = rows[first].reset_index(drop=True)
    rows["formula_reduced"] = [
        _reduced(numbers, values)
        for numbers, values in zip(rows["atomic_numbers"], rows["amounts"], strict=True)
    ]
    return Collected(
        rows,
        pd.DataFrame(rejected, columns=REJECTS.names),
        merged=int((~first).sum()),
    )


def of_crystals(path: str | Path, labels: Mapping[str, str]) -> Collected:
    """Collect the compositions of a crystal table: one row per crystal, in its order.

    Parameters
    ----------
    path
        ``structures/{dataset}.parquet``.
    labels
        Unit of every label, by name.
    """
    rows = pd.DataFrame(_crystals(path, sorted(labels)), columns=compositions(labels).names)
    return Collected(rows, pd.DataFrame(columns=REJECTS.names), merged=0)


def write(
    collected: Collected,
    labels: Mapping[str, str],
    destination: str | Path,
    rejected: str | Path,
    *,
    collection: str,
    limit: int | None,
    seed: int,
    provenance: Mapping[str, Any],
) -> None:
    """Write the compositions, or a random subset of them, and the rejects.

    Parameters
    ----------
    collected
        What was read.
    labels
        Unit of every label, by name.
    destination, rejected
        Tables to write, each whole or not at all.
    collection
        Name of the collection; part of the key of the random numbers.
    limit
        Size of the subset, if any. Subsets of one seed are nested.
    seed
        Seed of the subset.
    provenance
        Stored in the metadata of both tables.
    """
    rows = collected.rows
    if limit is not None:
        order = seeds.generator(seed, STAGE, collection).permutation(len(rows))
        rows = rows.iloc[np.sort(order[:limit])]
    reasons = Counter(collected.rejected["reason"])
    log.info(
        "%s: %d rows read = %d accepted + %d beyond the limit + %d merged + %d rejected%s",
        *(collection, len(collected.rows) + collected.merged + len(collected.rejected)),
        *(len(rows), len(collected.rows) - len(rows), collected.merged, len(collected.rejected)),
        "".join(f"; {reason}: {count}" for reason, count in sorted(reasons.items())),
    )
    tables.write(rows, destination, compositions(labels), provenance)
    tables.write(collected.rejected, rejected, REJECTS, provenance)


def _amounts(entry: FormulaEntry) -> dict[int, float]:
    """Atoms of an entry per formula, by atomic number."""
    if entry.error is not None:
        raise _RejectedError(Reason.UNREADABLE, entry.error)
    try:
        first, *others = _readings(entry.formula)
    except formulas.UnknownElementError as error:
        raise _RejectedError(Reason.UNSUPPORTED_ELEMENT, str(error)) from error
    except formulas.NoFormulaError as error:
        raise _RejectedError(Reason.UNREADABLE, str(error)) from error
    if others:
        message = f"the full stop has several readings: {first}, {others}; write · before water"
        raise _RejectedError(Reason.UNREADABLE, message)
    if entry.labels and all(value is None for value in entry.labels.values()):
        raise _RejectedError(Reason.MISSING_LABEL, f"no number for {', '.join(entry.labels)}")
    return {Element(symbol).Z: amount for symbol, amount in first.items()}


def _reduced(numbers: tuple[int, ...], amounts: tuple[float, ...]) -> str:
    atoms = dict(zip(map(Element.from_Z, numbers), amounts, strict=True))
    reduced: str = Composition(atoms).reduced_formula
    return reduced


def _crystals(path: str | Path, labels: list[str]) -> Iterator[dict[str, Any]]:
    columns = ["material_id", "source", "formula_reduced", "atomic_numbers", *labels]
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH, columns=columns):
            sites = tables.lists(batch["atomic_numbers"])
            rest = batch.drop_columns("atomic_numbers").to_pylist()
            for row, atomic_numbers in zip(rest, sites, strict=True):
                numbers, counts = np.unique(atomic_numbers, return_counts=True)
                yield {
                    **row,
                    "entry": row["material_id"],
                    "formula": row["formula_reduced"],
                    "atomic_numbers": numbers,
                    # the cell is a matter of choice, and sums must not depend on it
                    "amounts": counts / np.gcd.reduce(counts),
                    "n_rows": 1,
                }
