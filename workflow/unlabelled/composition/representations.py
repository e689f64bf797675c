"""Vectors made of compositions: fractions of elements, and statistics of element properties.

The statistics are average, sum, variance and range over the composition of every property: all
averages first, then all sums, variances and ranges. *Corrected*:

- average and variance (of the population) are weighted with the fractions of atoms, the sum with
  the amounts, and the range is that of the elements present; of one element variance and range
  are 0;
- an element that lacks a property has the median of those elements of the table that have it.

*Published* has the faults of the study's code, which this project calls K3 to K5:

- K3: whatever is missing, be it a property or the variance of one element, is filled with the
  median over all compositions of the *first* feature;
- K4: elements with an amount below 0.05 are dropped, formulas with exponents are refused, and the
  variance is unweighted (ddof 1);
- K5: the fractions come from a parser without brackets, for which the last of several mentions of
  an element counts.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pymatgen.core.periodic_table import Element
from scipy import sparse

from unlabelled import tables
from unlabelled.composition.vectors import write
from unlabelled.sources import elements as element_tables
from unlabelled.sources.elements import N_ELEMENTS
from unlabelled.structures.schema import REJECTS, Reason

STAGE = "representations"
FRACTIONS = "compVec"  # the style that needs no table
BLOCK = 4096  # compositions, and rows of a row group
SMALLEST_AMOUNT = 0.05  # K4

_EXPONENT = re.compile(r"\d[eE][-+]?\d")
_MENTION = re.compile(r"([A-Z][a-z]?)\s*((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)?")  # K5

Implementation = Literal["corrected", "published"]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

log = logging.getLogger(__name__)


class Compositions(NamedTuple):
    """Compositions as flat arrays, one after the other.

    Attributes
    ----------
    numbers
        Atomic numbers, (n_terms,) int, distinct within a composition.
    amounts
        Atoms of each, (n_terms,) float64.
    counts
        Number of elements of every composition, (n,) int.
    """

    numbers: npt.NDArray[np.int_]
    amounts: Floats
    counts: npt.NDArray[np.int_]

    @property
    def offsets(self) -> npt.NDArray[np.int_]:
        """Where every composition starts, and where the last one ends, (n + 1,)."""
        return np.concatenate([[0], np.cumsum(self.counts)])

    @property
    def owners(self) -> npt.NDArray[np.int_]:
        """Composition to which each term belongs, (n_terms,)."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    def terms(self, kept: Mask) -> Self:
        """Return the compositions with these terms (n_terms,) only."""
        counts = np.bincount(self.owners[kept], minlength=len(self.counts))
        return self._replace(numbers=self.numbers[kept], amounts=self.amounts[kept], counts=counts)

    def rows(self, kept: Mask) -> Self:
        """Return these compositions (n,) only."""
        return self.terms(kept[self.owners])._replace(counts=self.counts[kept])

    def block(self, start: int, end: int) -> Self:
        """Return the compositions from `start` to before `end`."""
        offsets = self.offsets
        terms = slice(offsets[start], offsets[end])
        return self._replace(
            numbers=self.numbers[terms], amounts=self.amounts[terms], counts=self.counts[start:end]
        )

    def fractions(self) -> Floats:
        """Fractions of atoms, (n_terms,)."""
        totals = np.bincount(self.owners, self.amounts, minlength=len(self.counts))
        return self.amounts / totals[self.owners]

    def matrix(self, weights: Floats) -> sparse.csr_array:
        """Return weights of the terms as a sparse matrix, (n, 119): column Z is element Z."""
        shape = (len(self.counts), N_ELEMENTS + 1)
        return sparse.csr_array((weights, self.numbers, self.offsets), shape=shape)


def represent(
    path: str | Path,
    table: str | Path | None,
    implementation: Implementation,
    destination: str | Path,
    rejected: str | Path,
    provenance: Mapping[str, Any],
) -> None:
    """Represent all compositions of a collection.

    Vectors are made and written block by block, so that memory does not grow with their number.

    Parameters
    ----------
    path
        Compositions table.
    table
        Table of element properties; None for the fractions of the elements.
    implementation
        ``corrected`` or ``published``.
    destination
        Representation to write; rows that cannot be represented are left out.
    rejected
        Rejects table to write, with those rows.
    provenance
        Stored in the metadata of both tables.

    Raises
    ------
    UserError
        If a table cannot be read.
    """
    frame = tables.read(path, ["entry", "source", "formula", "atomic_numbers", "amounts"])
    found, values = of_table(frame), None
    faults = pd.DataFrame(index=frame.index, columns=["reason", "message"], dtype=object)
    if implementation == "published" and table is None:
        found = _mentioned(frame["formula"])
    elif implementation == "published":
        found = found.terms(found.amounts >= SMALLEST_AMOUNT)
        exponent = frame["formula"].str.contains(_EXPONENT)
        faults.loc[exponent] = Reason.UNREADABLE, "the parser knows no exponents (K4)"
    if table is not None:
        values = element_tables.read(table)
        lacking = _lacking(found, _present(values))
        message = f"{Path(table).name} has no {{}}".format
        faults.loc[lacking.index, "reason"] = Reason.UNSUPPORTED_ELEMENT
        faults.loc[lacking.index, "message"] = [message(Element.from_Z(z).symbol) for z in lacking]
    nothing = found.matrix(found.amounts).sum(axis=1) == 0
    faults.loc[nothing] = Reason.UNREADABLE, "nothing is left of it (K4, K5)"
    kept = faults["reason"].isna().to_numpy()
    refused = pd.concat([frame, faults], axis=1)[~kept].assign(stage=STAGE)
    log.info("%d compositions represented, %d not", kept.sum(), len(refused))
    tables.write(refused[REJECTS.names], rejected, REJECTS, provenance)
    write(
        np.flatnonzero(kept).astype(np.int32),
        blocks(found.rows(kept), values, implementation),
        N_ELEMENTS if values is None else 4 * values.shape[1],
        destination,
        provenance,
    )


def blocks(
    compositions: Compositions,
    values: Floats | None,
    implementation: Implementation,
    size: int = BLOCK,
) -> Iterator[npt.NDArray[np.float32]]:
    """Yield the vectors of compositions, some at a time.

    Parameters
    ----------
    compositions
        Compositions of elements that all have properties.
    values
        Element properties, (119, p), as :func:`unlabelled.sources.elements.read` returns them;
        None for fractions.
    implementation
        ``corrected`` or ``published``.
    size
        Compositions at a time.

    Yields
    ------
    numpy.ndarray
        (at most `size`, 4 p), or (…, 118) for fractions.
    """
    fill = 0.0
    if values is not None and implementation == "corrected":
        values = np.where(np.isnan(values), np.nanmedian(values, axis=0), values)
    elif values is not None and len(compositions.counts):
        first = compositions.matrix(compositions.fractions()) @ values[:, 0]
        fill = float(np.nanmedian(first))
    for start in range(0, len(compositions.counts), size):
        block = compositions.block(start, min(start + size, len(compositions.counts)))
        if values is None:
            vectors = block.matrix(block.fractions()).toarray()[:, 1:]
        else:
            vectors = _statistics(block, values, weighted=implementation == "corrected")
            vectors[np.isnan(vectors)] = fill
        yield vectors.astype(np.float32)


def of_table(frame: pd.DataFrame) -> Compositions:
    """Return the compositions of a compositions table, in its order."""
    counts = frame["atomic_numbers"].map(len).to_numpy(int)
    if not len(frame):
        return Compositions(np.empty(0, int), np.empty(0), counts)
    numbers = np.concatenate(frame["atomic_numbers"].tolist()).astype(int)
    return Compositions(numbers, np.concatenate(frame["amounts"].tolist()), counts)


def _mentioned(formulas: Iterable[str]) -> Compositions:
    """Read formulas as the study's code does (K5)."""
    read = [
        {Element(symbol).Z: float(amount or 1) for symbol, amount in _MENTION.findall(formula)}
        for formula in formulas
    ]
    numbers = np.array([number for one in read for number in one], int)
    amounts = np.array([amount for one in read for amount in one.values()], float)
    return Compositions(numbers, amounts, np.array([len(one) for one in read], int))


def _present(values: Floats) -> Mask:
    """Whether an element is in a table of element properties, (119,)."""
    present: Mask = np.isfinite(values).sum(axis=1) > 0
    return present


def _lacking(compositions: Compositions, present: Mask) -> pd.Series:
    """First element that is not present of every composition that has one, by its number."""
    terms = np.flatnonzero(~present[compositions.numbers])
    found = pd.Series(compositions.numbers[terms], compositions.owners[terms])
    return found[~found.index.duplicated()]


def _statistics(block: Compositions, values: Floats, *, weighted: bool) -> Floats:
    """Average, sum, variance and range of every property, (n, 4 p); see the module."""
    starts, owners, fractions = block.offsets[:-1], block.owners, block.fractions()
    terms = values[block.numbers]
    average = block.matrix(fractions) @ values
    total = block.matrix(block.amounts) @ values
    if weighted:
        deviations = (terms - average[owners]) ** 2 * fractions[:, None]
        variance = np.add.reduceat(deviations, starts)
    else:
        counts = block.counts[:, None]
        mean = np.add.reduceat(terms, starts) / counts
        deviations = (terms - mean[owners]) ** 2
        with np.errstate(invalid="ignore"):  # of one element: 0 / 0 is what K3 fills
            variance = np.add.reduceat(deviations, starts) / (counts - 1)
    extent = np.maximum.reduceat(terms, starts) - np.minimum.reduceat(terms, starts)
    return np.hstack([average, total, variance, extent])
