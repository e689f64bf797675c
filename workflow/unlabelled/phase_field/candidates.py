"""Fields that nobody has reported: all of them, the best first, and whether the study's were new.

``resources/phaseselect_candidates.csv`` lists the candidates that the study published: fields,
probabilities and scores as printed in the supplementary tables 3 to 5 of its preprint (November
2021), values from the result files of its code (github.com/lrcfmd/PhaseSelect at 0933b92), where
they list the field.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from unlabelled import tables
from unlabelled.errors import UserError
from unlabelled.phase_field.fields import ELEMENTS, PADDING, Ids, ids, multi_hot, names
from unlabelled.tables import field

#: Those among the 87.
NOBLE_GASES: tuple[str, ...] = ("He", "Kr", "Xe")
#: Those among the 87 that have no stable nuclide. Thorium and uranium are among them although they
#: are old enough to be mined; bismuth, whose decay was seen only in 2003, is not.
RADIOACTIVE: tuple[str, ...] = ("Tc", "Pm", "Ac", "Th", "Pa", "U", "Np", "Pu")

#: Ids of the elements in alphabetical order of their symbols.
ALPHABET: Ids = np.argsort(ELEMENTS).astype(np.int8)
_LARGEST = 9  # elements of a field whose code fits into 64 bits
_BLOCK = 256  # candidates that are compared with all reported fields at once
_STEPS = 10_000  # of similarities: far finer than two fractions of small numbers can differ

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]

log = logging.getLogger(__name__)


def schema(unit: str) -> pa.Schema:
    """Return the schema of a table of candidates for a property with a unit."""
    return pa.schema(
        [
            field("field", pa.string(), "symbols of the elements in alphabetical order"),
            field("rank", pa.int32(), "from 1, by probability times accessibility"),
            field("probability", pa.float64(), "that the value is above the threshold"),
            field("probability_sd", pa.float64(), "its standard deviation between models"),
            field("value", pa.float64(), "predicted", unit),
            field("lower", pa.float64(), "lower end of the interval of the value", unit),
            field("upper", pa.float64(), "upper end of the interval of the value", unit),
            field("accessibility", pa.float64(), "share of reported fields of its size below it"),
            field("agree", pa.bool_(), "whether probability and value are on one side"),
            field("on_front", pa.bool_(), "no other is at least as probable and as accessible"),
            field("nearest", pa.string(), "reported fields that share most elements, by ;"),
            field("similarity", pa.float64(), "elements shared with the first of them, of all"),
        ]
    )


def blocks(size: int, exclude: Collection[str] = ()) -> Iterator[Ids]:
    """Yield all fields of a size, in alphabetical order, one block for each first element.

    Parameters
    ----------
    size
        Number of elements.
    exclude
        Symbols of elements that take no part, or ``noble_gases`` or ``radioactive`` for all those.

    Yields
    ------
    numpy.ndarray
        (n, size), as :func:`unlabelled.phase_field.fields.ids` numbers them.

    Raises
    ------
    UserError
        If an excluded element is none of the 87, or too few are left.
    """
    groups = {"noble_gases": NOBLE_GASES, "radioactive": RADIOACTIVE}
    left_out = {symbol for name in exclude for symbol in groups.get(name, (name,))}
    strange = sorted(left_out - set(ELEMENTS))
    if strange:
        raise UserError(f"{', '.join(strange)}: not among the 87 elements, so none to exclude")
    left = ALPHABET[[ELEMENTS[number] not in left_out for number in ALPHABET]]
    if not 1 <= size <= len(left):
        raise UserError(f"there is no field of {size} of {len(left)} elements")
    for block in _combinations(len(left), size):
        yield left[block]


def _combinations(n: int, size: int) -> Iterator[Ids]:
    """Yield the increasing rows of `size` of n numbers, one block for each first number."""
    others = np.empty((1, 0), np.int8)
    if size > 1:
        others = np.concatenate(list(_combinations(n, size - 1)))
    for first in range(n - size + 1):
        # rows are in order, so those of larger numbers are the last ones
        start = np.searchsorted(others[:, 0], first, side="right") if size > 1 else 0
        tails = others[start:]
        yield np.column_stack([np.full(len(tails), first, np.int8), tails])


def combinations(size: int, exclude: Collection[str] = ()) -> Ids:
    """Return all fields of a size; see :func:`blocks`.

    Returns
    -------
    numpy.ndarray
        (C(87, size), size) int8: 105,995 rows for 3 elements, 2,225,895 for 4.
    """
    return np.concatenate(list(blocks(size, exclude)))


def codes(fields: Ids) -> Codes:
    """Return a number for every field, the same for the same elements in any order and slots.

    Parameters
    ----------
    fields
        (n, slots), at most 9 elements each.

    Returns
    -------
    numpy.ndarray
        (n,).

    Raises
    ------
    ValueError
        If a field has more elements.
    """
    ordered = np.sort(fields, axis=1)  # empty slots, the largest number, come last
    if (ordered[:, _LARGEST:] != PADDING).any():
        raise ValueError(f"fields of more than {_LARGEST} elements have no code")
    ordered = ordered[:, :_LARGEST]
    digits = (ordered.astype(np.int64) + 1) % (PADDING + 1)  # an empty slot adds nothing
    found: Codes = digits @ (PADDING + 1) ** np.arange(ordered.shape[1], dtype=np.int64)
    return found


def unreported(fields: Ids, reported: Collection[str]) -> Flags:
    """Return which fields nobody has reported, (n,).

    Parameters
    ----------
    fields
        (n, slots), at most 9 elements each.
    reported
        Names of fields.
    """
    slots = fields.shape[1]
    comparable = [name for name in reported if name.count(" ") < slots]
    return ~np.isin(codes(fields), codes(ids(comparable, slots)))


def nearest(fields: Ids, reported: Ids, n: int) -> tuple[list[list[str]], Floats]:
    """Return the reported fields that resemble fields most, by the Jaccard similarity.

    Parameters
    ----------
    fields
        (m, slots).
    reported
        (r, slots) fields to compare with.
    n
        How many of them; fewer if there are fewer.

    Returns
    -------
    nearest
        Names for every field, the most similar first, equally similar ones in alphabetical order. A
        field that is itself reported is its own nearest.
    similarity
        (m, n) shared elements over all elements of both.

    Raises
    ------
    UserError
        If nothing is reported.
    """
    if not len(reported):
        raise UserError("no field is reported, so none is nearest; name a collection")
    known = np.array(names(reported))
    alphabetical = np.argsort(known)
    known = known[alphabetical]
    flags = multi_hot(reported)[alphabetical].astype(np.float32)
    sizes = flags.sum(axis=1)
    n = min(n, len(known))
    chosen = np.empty((len(fields), n), np.int64)
    similarity = np.empty((len(fields), n))
    for start in range(0, len(fields), _BLOCK):
        rows = slice(start, start + _BLOCK)
        own = multi_hot(fields[rows]).astype(np.float32)
        shared = own @ flags.T
        similar = shared / (own.sum(axis=1)[:, None] + sizes - shared)
        # one number for both criteria, so that no two are equal
        keys = np.rint(similar * _STEPS).astype(np.int64) * len(known) - np.arange(len(known))
        first = np.argpartition(-keys, n - 1, axis=1)[:, :n]
        order = np.argsort(-np.take_along_axis(keys, first, axis=1), axis=1)
        chosen[rows] = np.take_along_axis(first, order, axis=1)
        similarity[rows] = np.take_along_axis(similar, chosen[rows], axis=1)
    return known[chosen].tolist(), similarity


def pareto(probability: Floats, accessibility: Floats) -> Flags:
    """Return which rows no other row beats: as good in both, and better in one; (n,).

    Raises
    ------
    ValueError
        If a number is not finite.
    """
    if not (np.isfinite(probability).all() and np.isfinite(accessibility).all()):
        raise ValueError("a front needs finite numbers")
    order = np.lexsort([-accessibility, -probability])
    first, second = probability[order], accessibility[order]
    starts, groups = np.unique(-first, return_index=True, return_inverse=True)[1:]
    best = second[starts]  # among equally probable ones
    before = np.r_[-np.inf, np.maximum.accumulate(best)][: len(best)]  # among more probable ones
    flags = np.empty(len(order), bool)
    flags[order] = (second == best[groups]) & (second > before[groups])
    return flags


class Scored(NamedTuple):
    """What is known of candidates.

    Attributes
    ----------
    ids
        (n, slots) fields.
    probability, probability_sd
        (n,) that the value is above the threshold, and its standard deviation between models.
    value, lower, upper
        (n,) prediction and its interval.
    accessibility
        (n,) from 0 to 1, see :func:`unlabelled.phase_field.accessibility.standing`.
    """

    ids: Ids
    probability: Floats
    probability_sd: Floats
    value: Floats
    lower: Floats
    upper: Floats
    accessibility: Floats


def rank_table(
    scored: Scored, reported: Ids, threshold: float, *, top: int, n_nearest: int = 3
) -> pd.DataFrame:
    """Rank candidates by probability times accessibility.

    A good candidate has the property, and can be made. If the share of reported fields that look
    less likely than it is taken for the chance that it can be made, the product is the chance of
    success. Equal products are in order of probability, then alphabetical.

    Parameters
    ----------
    scored
        Candidates.
    reported
        (r, slots) reported fields.
    threshold
        Of the property.
    top
        How many candidates to list; those on the Pareto front of probability and accessibility are
        listed besides.
    n_nearest
        How many reported fields to name with each.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`schema`, by rank.

    Raises
    ------
    UserError
        If there are no candidates.
    """
    if not len(scored.ids):
        raise UserError("there are no candidates to rank: every field is reported or left out")
    known = np.array(names(scored.ids))
    product = scored.probability * scored.accessibility
    order = np.lexsort([known, -scored.probability, -product])
    rank = np.empty(len(order), int)
    rank[order] = np.arange(1, len(order) + 1)
    front = pareto(scored.probability, scored.accessibility)
    listed = order[(rank[order] <= top) | front[order]]
    found, similarity = nearest(scored.ids[listed], reported, n_nearest)
    rows = pd.DataFrame({"field": known[listed], "rank": rank[listed]})
    for name in scored._fields[1:]:
        rows[name] = getattr(scored, name)[listed]
    rows["agree"] = (rows["probability"] > 0.5) == (rows["value"] > threshold)
    rows["on_front"] = front[listed]
    rows["nearest"] = ["; ".join(of_field) for of_field in found]
    rows["similarity"] = similarity[:, 0]
    return rows


def write(
    predictions: str | Path,
    candidates: str | Path,
    reported: str | Path,
    destination: str | Path,
    *,
    unit: str,
    threshold: float,
    top: int,
    provenance: Mapping[str, Any],
) -> None:
    """Write the best candidates; see :func:`rank_table`.

    Parameters
    ----------
    predictions
        Table of predictions whose test part are the candidates.
    candidates
        Table of candidates, in the same order, with their accessibility.
    reported
        Table of reported fields.
    destination
        Table to write, columns of :func:`schema`.
    unit, threshold
        Of the property.
    top
        How many to list.
    provenance
        Stored in the metadata.

    Raises
    ------
    ValueError
        If the predictions are of other candidates.
    """
    found = tables.read(predictions)
    found = found[found["part"] == "test"]
    listed = tables.read(candidates, ["field", "accessibility"])
    if found["field"].tolist() != listed["field"].tolist():
        raise ValueError(f"{predictions} and {candidates} are not of the same fields in one order")
    scored = Scored(
        ids=ids(listed["field"].tolist()),
        probability=found["probability"].to_numpy(float),
        probability_sd=found["probability_sd"].to_numpy(float),
        value=found["predicted"].to_numpy(float),
        lower=found["lower"].to_numpy(float),
        upper=found["upper"].to_numpy(float),
        accessibility=listed["accessibility"].to_numpy(float),
    )
    known = ids(tables.read(reported, ["field"])["field"].tolist())
    rows = rank_table(scored, known, threshold, top=top)
    log.info(
        "%d candidates, %d listed, %d on the front; probability and value disagree on %d",
        *(len(scored.ids), len(rows), rows["on_front"].sum(), (~rows["agree"]).sum()),
    )
    tables.write(rows, destination, schema(unit), provenance)


def read_published(path: str | Path) -> pd.DataFrame:
    """Read the candidates of the study.

    Returns
    -------
    pandas.DataFrame
        Columns property, field, probability, score, value; value NaN where it is not known.

    Raises
    ------
    UserError
        If the file cannot be read or lacks a column.
    """
    rows = tables.read_own(path)
    numbers = ["probability", "score", "value"]
    missing = sorted({"property", "field", *numbers} - set(rows.columns))
    if missing:
        raise UserError(f"{path} has no column {', '.join(missing)}")
    try:
        rows[numbers] = rows[numbers].replace("", np.nan).astype(float)
    except ValueError as error:
        raise UserError(f"{path}: {error}") from error
    return rows[["property", "field", *numbers]]


def headline(candidates: pd.DataFrame, reported: pd.DataFrame) -> pd.DataFrame:
    """Say which candidates had been reported, and where.

    Parameters
    ----------
    candidates
        Table with a column ``field``.
    reported
        As of :func:`unlabelled.phase_field.property_table.reported`: ``field``, and flags by
        collection.

    Returns
    -------
    pandas.DataFrame
        `candidates` with the flags, and ``anywhere``.
    """
    collections = [name for name in reported.columns if name != "field"]
    flags = reported.set_index("field").reindex(candidates["field"], fill_value=False)[collections]
    rows = candidates.reset_index(drop=True).join(flags.reset_index(drop=True))
    return rows.assign(anywhere=flags.any(axis=1).to_numpy(bool))


def write_headline(
    candidates: str | Path,
    reported: str | Path,
    destination: str | Path,
    provenance: Mapping[str, Any],
) -> None:
    """Write which candidates of the study had been reported, and where; see :func:`headline`."""
    rows = headline(read_published(candidates), tables.read(reported))
    columns = [
        field("property", pa.string(), "property of the study"),
        field("field", pa.string(), "symbols of the elements in alphabetical order"),
        field("probability", pa.float64(), "that the study gives"),
        field("score", pa.float64(), "normalised score of novelty that the study gives"),
        field("value", pa.float64(), "that the study's regression gives", "K or eV"),
    ]
    where = [
        field(name, pa.bool_(), f"whether reported: {name}")
        for name in rows.columns[len(columns) :]
    ]
    counts = rows.groupby("property")["anywhere"].agg(["sum", "size"])
    for name, (number, size) in counts.iterrows():
        log.info("%s: %d of %d candidates of the study are reported", name, number, size)
    tables.write(rows, destination, pa.schema([*columns, *where]), provenance)
