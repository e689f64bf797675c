"""Entries of one source -> crystal table and rejects table."""

import heapq
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from unlabelled import seeds
from unlabelled.files import written_whole
from unlabelled.parallel import OrderedMap
from unlabelled.sources.entry import Entry
from unlabelled.structures import duplicates as structure_duplicates
from unlabelled.structures.crystal import Crystal
from unlabelled.structures.duplicates import Duplicate
from unlabelled.structures.parse import Limits, Reject, parse, reject
from unlabelled.structures.schema import REJECTS, Reason, crystals
from unlabelled.structures.table import Writer, to_row
from unlabelled.tables import with_provenance

STAGE = "structures"
_CHUNK = 32  # entries
_CHUNK_TEXT = 1_000_000  # characters

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the entries of a source.

    Attributes
    ----------
    read
        Entries read, after `limit`; the sum of `accepted` and all of `rejected`.
    accepted
        Rows of the crystal table.
    rejected
        Rows of the rejects table by reason.
    formulas_unread
        Crystals parsed with a stated formula that could not be read and so was not compared.
    """

    read: int
    accepted: int
    rejected: Mapping[Reason, int]
    formulas_unread: int


def build(
    entries: Callable[[], Iterable[Entry]],
    source: str,
    labels: Mapping[str, str],
    destination: str | Path,
    rejected: str | Path,
    *,
    max_sites: int,
    required_label: str | None,
    duplicates: bool,
    processes: int,
    limit: int | None,
    seed: int,
    provenance: Mapping[str, Any],
    max_text_mb: float,
    seconds_per_entry: float,
    memory_mb_per_entry: float,
) -> Counts:
    """Parse, check and deduplicate the entries of a source, and write what came of them.

    Both tables are written whole or not at all, in the order of the entries, whatever the number of
    processes. Entries stream: few are in memory at a time.

    Parameters
    ----------
    entries
        Gives the entries, in the same order whenever called; called twice if `limit` is given.
    source
        Name of the source.
    labels
        Unit of every label column, by label name. Labels of the entries not named here are left
        out.
    destination
        Crystal table to write.
    rejected
        Rejects table to write, even if empty.
    max_sites
        Largest number of sites of a cell.
    required_label
        Label without which an entry is refused, if any.
    duplicates
        Whether rows of equal structure are refused, but for the first.
    processes
        Number of worker processes.
    limit
        Size of a random subset of the entries to use instead of all. Subsets of one seed are
        nested.
    seed
        Seed of that subset.
    provenance
        Stored in the metadata of both tables.
    max_text_mb
        Largest size of the text of an entry, in 10^6 characters.
    seconds_per_entry
        Time after which an entry is refused as unreadable.
    memory_mb_per_entry
        Memory above which it is, in 10^6 bytes; where the kernel can limit it, which Linux does.

    Returns
    -------
    Counts
        Numbers of entries read, accepted, and rejected by reason.

    Raises
    ------
    ValueError
        If `required_label` is not among `labels`.
    SourceError
        If the source fails while it is being read.
    """
    if required_label is not None and required_label not in labels:
        raise ValueError(f"the required label {required_label} is not one of {sorted(labels)}")
    limits = Limits(max_sites=max_sites, max_text_mb=max_text_mb, required_label=required_label)
    mapped: OrderedMap[Entry, Crystal | Reject] = OrderedMap(
        partial(parse, limits=limits),
        _failed,
        processes=processes,
        seconds=lambda entry: seconds_per_entry,
        memory_mb=memory_mb_per_entry,
        size=lambda entry: 1 / _CHUNK + len(entry.text) / _CHUNK_TEXT,
    )
    selected = entries() if limit is None else _subset(entries, limit, seed, source)
    with (
        written_whole(rejected) as rejects_path,
        written_whole(destination) as crystals_path,
        Writer(rejects_path, with_provenance(REJECTS, provenance)) as rejects,
    ):
        tally = _Tally(rejects, source)
        schema = with_provenance(crystals(labels), provenance)
        with Writer(crystals_path, schema) as accepted:
            _write_results(mapped(selected), accepted, tally, source)
        if duplicates:
            found = structure_duplicates.find(
                crystals_path,
                processes,
                seconds_per_structure=seconds_per_entry,
                memory_mb=memory_mb_per_entry,
            )
            _drop_duplicates(crystals_path, tally, found)
        counts = tally.counts()
    log.info("%s: %d entries read, %d accepted", source, counts.read, counts.accepted)
    for reason, number in sorted(counts.rejected.items()):
        log.info("%s: %d refused: %s", source, number, reason)
    if counts.formulas_unread:
        log.warning("%s: %d stated formulas were not readable", source, counts.formulas_unread)
    return counts


class _Tally:
    """Counts of accepted and refused entries, and the rejects table as it grows."""

    def __init__(self, rejects: Writer, source: str) -> None:
        self._rejects = rejects
        self._source = source
        self._rejected: Counter[Reason] = Counter()
        self._accepted = 0
        self._formulas_unread = 0

    def accept(self, crystal: Crystal) -> None:
        self._accepted += 1
        self._formulas_unread += crystal.formula_unread

    def refuse(self, one: Reject) -> None:
        self._rejected[one.reason] += 1
        self._rejects.add(
            {
                "entry": one.name,
                "source": self._source,
                "stage": STAGE,
                "reason": str(one.reason),
                "message": one.message,
            }
        )

    def refuse_accepted(self, one: Reject) -> None:
        self._accepted -= 1
        self.refuse(one)

    def counts(self) -> Counts:
        return Counts(
            read=self._accepted + self._rejected.total(),
            accepted=self._accepted,
            rejected=dict(self._rejected),
            formulas_unread=self._formulas_unread,
        )


def _failed(entry: Entry, what: str) -> Reject:
    return reject(entry, Reason.UNREADABLE, what)


def _subset(
    entries: Callable[[], Iterable[Entry]], limit: int, seed: int, source: str
) -> Iterator[Entry]:
    """Yield the entries with the smallest of one random number per entry, in their order."""
    generator = seeds.generator(seed, STAGE, source, "limit")
    drawn = ((generator.random(), index) for index, _ in enumerate(entries()))
    chosen = {index for _, index in heapq.nsmallest(limit, drawn)}
    return (entry for index, entry in enumerate(entries()) if index in chosen)


def _write_results(
    results: Iterator[Crystal | Reject], accepted: Writer, tally: _Tally, source: str
) -> None:
    seen: set[str] = set()
    # None: the bar is shown only where standard error is a terminal.
    for result in tqdm(results, desc=source, unit=" entries", disable=None, file=sys.stderr):
        if isinstance(result, Reject):
            tally.refuse(result)
        elif result.name in seen:
            message = f"another entry named {result.name} came before"
            tally.refuse(Reject(result.name, Reason.DUPLICATE_ID, message))
        else:
            seen.add(result.name)
            accepted.add(to_row(result, source))
            tally.accept(result)


def _drop_duplicates(path: Path, tally: _Tally, duplicates: Iterable[Duplicate]) -> None:
    """Rewrite a crystal table without the rows that repeat the structure of an earlier row."""
    found = sorted(duplicates, key=lambda one: one.row)
    if not found:
        return
    names = pq.read_table(path, columns=["material_id"]).column("material_id")
    for one in found:
        message = f"same structure as {names[one.kept]}"
        tally.refuse_accepted(Reject(str(names[one.row]), Reason.DUPLICATE_STRUCTURE, message))
    keep = np.ones(len(names), dtype=bool)
    keep[[one.row for one in found]] = False
    with (
        written_whole(path) as rewritten,
        pq.ParquetFile(path) as file,
        pq.ParquetWriter(rewritten, file.schema_arrow) as writer,
    ):
        start = 0
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            writer.write_table(table.filter(pa.array(keep[start : start + len(table)])))
            start += len(table)
