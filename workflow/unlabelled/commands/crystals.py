"""Crystals of one's own, from files to point sets."""

import os
from pathlib import Path
from typing import NamedTuple

import click
import pandas as pd

from unlabelled import tables
from unlabelled.commands.common import default_study
from unlabelled.errors import UserError
from unlabelled.point_set import build as point_sets
from unlabelled.point_set.supercell import Supercell
from unlabelled.sources.local import of_paths
from unlabelled.structures import build as structures


class Crystals(NamedTuple):
    """Crystals that were read.

    Attributes
    ----------
    table
        Crystal table.
    point_sets
        Folder of the point sets of those that have one.
    rejected
        Refused entries: columns of :data:`unlabelled.structures.schema.REJECTS`.
    """

    table: Path
    point_sets: Path
    rejected: pd.DataFrame


def read(paths: tuple[Path, ...], folder: Path) -> Crystals:
    """Read crystals and make their point sets, with the limits of the default study.

    Parameters
    ----------
    paths
        Files, folders, zip archives.
    folder
        For what is made.

    Raises
    ------
    UserError
        If a path cannot be read, or none of the crystals has a point set.
    """
    config, _ = default_study()
    processes = len(os.sched_getaffinity(0))
    table, refused = folder / "crystals.parquet", folder / "structures.parquet"
    limits = config["structures"]
    structures.build(
        lambda: of_paths(paths),
        "crystals",
        {},
        table,
        refused,
        required_label=None,
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
        source="crystals",
        max_sites=config["point_sets"]["max_sites"],
        max_atoms=config["point_sets"]["max_atoms"],
        supercell=Supercell(config["point_sets"]["supercell"]),
        crystals_per_shard=config["point_sets"]["crystals_per_shard"],
        seconds_per_crystal=limits["seconds_per_entry"],
        memory_mb_per_crystal=limits["memory_mb_per_entry"],
        processes=processes,
        provenance={},
    )
    rejected = pd.concat([tables.read(refused), tables.read(without)], ignore_index=True)
    for entry, reason, message in rejected[["entry", "reason", "message"]].to_numpy():
        click.echo(f"left out: {entry}: {reason}: {message}", err=True)
    if not made:
        raise UserError(f"none of {len(rejected)} crystals can be used; see above for why")
    return Crystals(table, sets, rejected)
