"""Crystal table -> shards of point sets, in parallel."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from unlabelled import tables
from unlabelled.files import written_whole
from unlabelled.parallel import OrderedMap
from unlabelled.point_set.point_set import NotRepresentableError, of_cell
from unlabelled.point_set.shards import Row, row, write_rows
from unlabelled.point_set.supercell import Supercell
from unlabelled.structures.crystal import Cell
from unlabelled.structures.schema import REJECTS, Reason
from unlabelled.structures.table import cells

STAGE = "point_sets"
_CRYSTALS_PER_TASK = 64
_CENTRED = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
_ROCK_SALT = Cell(
    5.64 * np.eye(3),
    np.array([11] * 4 + [17] * 4, np.int16),
    np.concatenate([_CENTRED, _CENTRED + 0.5]) % 1,
)


@dataclass(frozen=True, slots=True)
class _Refusal:
    material_id: str
    reason: Reason
    message: str


def build(
    crystals: str | Path,
    folder: str | Path,
    rejected: str | Path,
    *,
    source: str,
    max_sites: int,
    max_atoms: int,
    supercell: Supercell,
    crystals_per_shard: int,
    seconds_per_crystal: float,
    memory_mb_per_crystal: float,
    processes: int,
    provenance: Mapping[str, Any],
) -> int:
    """Build the point sets of a crystal table.

    Parameters
    ----------
    crystals
        Crystal table.
    folder
        Folder of ``part-*.arrow`` files to write, whole or not at all.
    rejected
        Table to write of the crystals that cannot be represented.
    source
        Name for the rejects table.
    max_sites
        Largest number of sites of the primitive cell.
    max_atoms
        Largest number of atoms of the supercell.
    supercell
        Which supercell.
    crystals_per_shard
        Crystals of one file; that many are in memory at once.
    seconds_per_crystal
        Time after which a crystal is refused.
    memory_mb_per_crystal
        Memory above which it is, in 10^6 bytes.
    processes
        Worker processes; the outcome does not depend on their number.
    provenance
        Stored with the rejects table.

    Returns
    -------
    int
        Number of point sets.
    """
    mapped: OrderedMap[tuple[str, Cell], Row | _Refusal] = OrderedMap(
        lambda item: _build_one(item, max_sites, max_atoms, supercell),
        lambda item, message: _Refusal(item[0], Reason.UNREADABLE, message),
        processes=processes,
        seconds=lambda item: seconds_per_crystal,
        memory_mb=memory_mb_per_crystal,
        size=lambda item: 1 / _CRYSTALS_PER_TASK,
    )
    # Compiles what there is to compile, for some seconds to minutes, before there are workers: the
    # first crystal of each would pay for it with its own time and memory.
    row("", of_cell(_ROCK_SALT, 8, 8, supercell))
    rejects: list[dict[str, str]] = []
    total = 0
    with written_whole(folder) as temporary:
        temporary.mkdir()
        shard: list[Row] = []
        for built in mapped(cells(crystals)):
            if isinstance(built, _Refusal):
                rejects.append(
                    {
                        "entry": built.material_id,
                        "source": source,
                        "stage": STAGE,
                        "reason": built.reason.value,
                        "message": built.message,
                    }
                )
                continue
            shard.append(built)
            if len(shard) == crystals_per_shard:
                total += _flush(shard, temporary, total)
        total += _flush(shard, temporary, total)
        tables.write(pd.DataFrame(rejects, columns=REJECTS.names), rejected, REJECTS, provenance)
    return total


def _flush(shard: list[Row], folder: Path, written: int) -> int:
    # An empty dataset still gets a shard: no file would look like a lost one.
    if not shard and written:
        return 0
    number = len(list(folder.iterdir()))
    write_rows(folder / f"part-{number:05d}.arrow", shard)
    size = len(shard)
    shard.clear()
    return size


def _build_one(
    item: tuple[str, Cell], max_sites: int, max_atoms: int, supercell: Supercell
) -> Row | _Refusal:
    material_id, cell = item
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen's advice on its own API
        try:
            return row(material_id, of_cell(cell, max_sites, max_atoms, supercell))
        except NotRepresentableError as error:
            # not the exception itself: one with two arguments does not come back from a process
            return _Refusal(material_id, error.reason, str(error))
