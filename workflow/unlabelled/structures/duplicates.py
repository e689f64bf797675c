"""Crystals of one table that are the same structure."""

import functools
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from pymatgen.core.structure import Structure
from pymatgen.core.structure_matcher import StructureMatcher

from unlabelled.parallel import OrderedMap
from unlabelled.structures.table import structures_at

# Relative difference of the volumes per atom. The matcher alone forgives a fifth of every length,
# and so would merge compressed phases; duplicates within one source differ by far less than 2 %.
VOLUME_TOLERANCE = 0.02
_MAX_LOADED = 5000  # structures in memory at once, larger groups excepted

log = logging.getLogger(__name__)

Group = list[tuple[int, Structure]]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row of a crystal table and the earlier row whose structure it repeats."""

    row: int
    kept: int


def find(
    path: str | Path, processes: int, *, seconds_per_structure: float, memory_mb: float
) -> Iterator[Duplicate]:
    """Find the rows of a crystal table that repeat the structure of an earlier row.

    Two rows are the same structure if reduced formula and space group are equal, the volumes per
    atom differ by at most 2 %, and pymatgen's StructureMatcher fits their primitive cells at its
    default tolerances without rescaling.

    Parameters
    ----------
    path
        Crystal table.
    processes
        Number of worker processes.
    seconds_per_structure
        A group whose matching takes longer than this per member is kept whole, with a warning in
        the log.
    memory_mb
        So is a group whose matching needs more memory than this, in 10^6 bytes.

    Yields
    ------
    Duplicate
        Group by group.
    """
    mapped: OrderedMap[Group, list[Duplicate]] = OrderedMap(
        _duplicates,
        _kept_whole,
        processes=processes,
        seconds=lambda group: seconds_per_structure * len(group),
        memory_mb=memory_mb,
        size=lambda group: len(group) / 32,
    )
    for found in mapped(_groups(path)):
        yield from found


def _groups(path: str | Path) -> Iterator[Group]:
    """Yield the structures of equal reduced formula and space group, where there are several."""
    keys = pq.read_table(path, columns=["formula_reduced", "space_group"]).to_pandas()
    number = keys.groupby(["formula_reduced", "space_group"], sort=False).ngroup()
    number = number[number.duplicated(keep=False)]
    loaded: list[list[int]] = []
    for _, members in number.groupby(number, sort=False):
        loaded.append([int(row) for row in members.index])
        if sum(map(len, loaded)) >= _MAX_LOADED:
            yield from _load(path, loaded)
            loaded = []
    yield from _load(path, loaded)


def _load(path: str | Path, groups: list[list[int]]) -> Iterator[Group]:
    found = structures_at(path, [row for rows in groups for row in rows])
    for rows in groups:
        yield [(row, found[row]) for row in rows]


def _duplicates(group: Group) -> list[Duplicate]:
    """Compare every structure with the different ones before it."""
    matcher = StructureMatcher(primitive_cell=True, scale=False, attempt_supercell=False)
    kept: list[_Member] = []
    found = []
    for row, structure in group:
        member = _Member(row, structure)
        first = next((one for one in kept if _same(matcher, one, member)), None)
        if first is None:
            kept.append(member)
        else:
            found.append(Duplicate(row, first.row))
    return found


class _Member:
    """A structure of a group, reduced only if it must be compared, and then only once."""

    def __init__(self, row: int, structure: Structure) -> None:
        self.row = row
        self.volume = structure.volume / len(structure)
        self._structure = structure

    @functools.cached_property
    def reduced(self) -> Structure:
        """The reduction that the matcher would make anew for every comparison."""
        return self._structure.get_reduced_structure("niggli").get_primitive_structure()


def _same(matcher: StructureMatcher, one: _Member, other: _Member) -> bool:
    if abs(one.volume / other.volume - 1) > VOLUME_TOLERANCE:
        return False
    return bool(matcher.fit(one.reduced, other.reduced, skip_structure_reduction=True))


def _kept_whole(group: Group, what: str) -> list[Duplicate]:
    rows = [row for row, _ in group]
    log.warning(
        "duplicates of %s were not looked for among %d rows: %s",
        group[0][1].composition.reduced_formula,
        len(rows),
        what,
    )
    return []
