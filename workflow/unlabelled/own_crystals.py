"""One's own crystals, read and checked with the limits of the default study, as point sets."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pymatgen.core.structure import Structure

from unlabelled import default_study, tables
from unlabelled.errors import UserError
from unlabelled.label_masking.describe import vectors
from unlabelled.label_masking.descriptors import DESCRIPTORS, LIKENESS
from unlabelled.parallel import cores
from unlabelled.point_set import build as point_sets
from unlabelled.point_set.shards import identifiers
from unlabelled.point_set.supercell import Supercell
from unlabelled.sources.entry import Entry
from unlabelled.structures import build as structures
from unlabelled.structures.schema import Reason

_SOURCE = "crystals"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OwnCrystals:
    """Crystals that were read.

    Attributes
    ----------
    table
        Crystal table.
    point_sets
        Folder of their point sets, in the order of the table.
    rejected
        Refused entries: columns of :data:`unlabelled.structures.schema.REJECTS`.
    """

    table: Path
    point_sets: Path
    rejected: pd.DataFrame


def read(
    entries: Callable[[], Iterable[Entry]], folder: Path, label: str | None = None, unit: str = ""
) -> OwnCrystals:
    """Read crystals and make their point sets.

    Parameters
    ----------
    entries
        Gives the entries.
    folder
        For what is made.
    label, unit
        Label that every entry needs, if any, and its unit.

    Raises
    ------
    UserError
        If none of the crystals has a point set.
    """
    config, _ = default_study.read()
    processes = cores()
    table, refused = folder / "crystals.parquet", folder / "structures.parquet"
    limits, of_point_sets = config["structures"], config["point_sets"]
    structures.build(
        entries,
        _SOURCE,
        {} if label is None else {label: unit},
        table,
        refused,
        required_label=label,
        duplicates=False,
        processes=processes,
        limit=None,
        seed=config["seed"],
        provenance={},
        **limits,
    )
    sets, without = folder / "point_sets", folder / "without.parquet"
    made = point_sets.build(
        table,
        sets,
        without,
        source=_SOURCE,
        max_sites=of_point_sets["max_sites"],
        max_atoms=of_point_sets["max_atoms"],
        supercell=Supercell(of_point_sets["supercell"]),
        crystals_per_shard=of_point_sets["crystals_per_shard"],
        seconds_per_crystal=limits["seconds_per_entry"],
        memory_mb_per_crystal=limits["memory_mb_per_entry"],
        processes=processes,
        provenance={},
    )
    rejected = pd.concat([tables.read(refused), tables.read(without)], ignore_index=True)
    unlabelled = rejected["reason"] == Reason.MISSING_LABEL
    for entry, reason, message in rejected.loc[
        ~unlabelled, ["entry", "reason", "message"]
    ].to_numpy():
        log.warning("left out: %s: %s: %s", entry, reason, message)
    if unlabelled.any():
        log.warning("%d crystals have no %s", unlabelled.sum(), label)
    if not made:
        raise UserError(f"none of {len(rejected)} crystals can be used; see above for why")
    if len(tables.read(without)):
        whole = pq.read_table(table)
        usable = pc.is_in(whole["material_id"], pa.array(identifiers(sets)))
        pq.write_table(whole.filter(usable), table)
    return OwnCrystals(table, sets, rejected)


def described(crystals: OwnCrystals, descriptor: str) -> npt.NDArray[np.float64]:
    """Return a descriptor of n crystals, (n, d); NaN for those that have none.

    Parameters
    ----------
    crystals
        Where they are.
    descriptor
        Name in :data:`unlabelled.label_masking.descriptors.DESCRIPTORS`.

    Raises
    ------
    UserError
        If it fails for all.
    """
    config, sources = default_study.read()
    elements = None
    if DESCRIPTORS[descriptor].needs_elements:
        elements = default_study.raw_file("magpie", sources)
    _, found = vectors(
        crystals.table,
        descriptor,
        elements=elements,
        processes=cores(),
        seconds_per_crystal=config["structures"]["seconds_per_entry"],
        memory_mb_per_crystal=config["structures"]["memory_mb_per_entry"],
    )
    return found.astype(np.float64)


def likeness(crystals: OwnCrystals) -> npt.NDArray[np.float64]:
    """Return by what n crystals are compared in a domain, (n, 92): the descriptors LIKENESS."""
    return np.hstack([described(crystals, name) for name in LIKENESS])


def of_structures(crystals: Sequence[Any]) -> Iterator[Entry]:
    """Yield pymatgen structures or ASE atoms as entries, named by their place.

    Raises
    ------
    ValueError
        If one is neither.
    """
    for place, crystal in enumerate(crystals):
        if not isinstance(crystal, Structure):
            crystal = _of_atoms(crystal, place)
        yield Entry(str(place), json.dumps(crystal.as_dict()), "structure_dict")


def _of_atoms(atoms: Any, place: int) -> Structure:
    """Return the structure of ASE atoms, without a need for ASE."""
    if not all(hasattr(atoms, name) for name in ("get_scaled_positions", "numbers", "cell")):
        raise ValueError(f"crystal {place} is a {type(atoms).__name__}, not a Structure or Atoms")
    if not all(atoms.pbc):
        raise ValueError(f"crystal {place} is not periodic in all three directions")
    return Structure(atoms.cell[:], atoms.numbers, atoms.get_scaled_positions())
