"""Crystal table -> shards of point sets, in parallel."""

import warnings
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from pymatgen.core.structure import Structure

from unlabelled import tables
from unlabelled.files import written_whole
from unlabelled.parallel import OrderedMap
from unlabelled.point_set.point_set import NotRepresentableError, PointSet, point_set
from unlabelled.point_set.shards import write_shard
from unlabelled.structures.schema import REJECTS, Reason
from unlabelled.structures.table import structures

STAGE = "point_sets"
_CRYSTALS_PER_TASK = 16

Refusal = tuple[Reason, str]
Built = tuple[str, PointSet | Refusal]


def build(
    crystals: str | Path,
    folder: str | Path,
    rejected: str | Path,
    *,
    source: str,
    max_sites: int,
    max_atoms: int,
    crystals_per_shard: int,
    seconds_per_crystal: float,
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
    crystals_per_shard
        Crystals of one file; that many are in memory at once.
    seconds_per_crystal
        Time after which a crystal is refused.
    processes
        Worker processes; the outcome does not depend on their number.
    provenance
        Stored with the rejects table.

    Returns
    -------
    int
        Number of point sets.
    """
    mapped: OrderedMap[tuple[str, Structure], Built] = OrderedMap(
        partial(_build_one, max_sites=max_sites, max_atoms=max_atoms),
        lambda item, message: (item[0], (Reason.UNREADABLE, message)),
        processes=processes,
        seconds=lambda item: seconds_per_crystal,
        size=lambda item: 1 / _CRYSTALS_PER_TASK,
    )
    rejects: list[dict[str, str]] = []
    total = 0
    with written_whole(folder) as temporary:
        temporary.mkdir()
        shard: list[tuple[str, PointSet]] = []
        for material_id, built in mapped(structures(crystals)):
            if isinstance(built, PointSet):
                shard.append((material_id, built))
                if len(shard) == crystals_per_shard:
                    total += _flush(shard, temporary, total)
            else:
                reason, message = built
                rejects.append(
                    {
                        "entry": material_id,
                        "source": source,
                        "stage": STAGE,
                        "reason": reason.value,
                        "message": message,
                    }
                )
        total += _flush(shard, temporary, total)
        tables.write(pd.DataFrame(rejects, columns=REJECTS.names), rejected, REJECTS, provenance)
    return total


def _flush(shard: list[tuple[str, PointSet]], folder: Path, written: int) -> int:
    # An empty dataset still gets a shard: no file would look like a lost one.
    if not shard and written:
        return 0
    number = len(list(folder.iterdir()))
    write_shard(folder / f"part-{number:05d}.arrow", shard)
    size = len(shard)
    shard.clear()
    return size


def _build_one(item: tuple[str, Structure], max_sites: int, max_atoms: int) -> Built:
    material_id, structure = item
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen's advice on its own API
        try:
            return material_id, point_set(structure, max_sites, max_atoms)
        except NotRepresentableError as error:
            # not the exception itself: one with two arguments does not come back from a process
            return material_id, (error.reason, str(error))
