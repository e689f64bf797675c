"""Point sets on disk: Arrow files, memory-mapped when read."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from unlabelled.errors import UserError
from unlabelled.point_set.point_set import PointSet
from unlabelled.point_set.quotient import SiteClasses, quotient
from unlabelled.tables import field

SCHEMA = pa.schema(
    [
        field("material_id", pa.string(), "identifier in the crystal table"),
        field("n_sites", pa.int32(), "sites of the primitive cell, P"),
        field("n_supercell", pa.int32(), "atoms of the supercell, S"),
        field("site_class", pa.list_(pa.int16()), "atomic number of every class of sites"),
        field("site_multiplicity", pa.list_(pa.int16()), "primitive sites in every class"),
        field("pair_i", pa.list_(pa.int16()), "class of the site that looks"),
        field("pair_j", pa.list_(pa.int16()), "class of the atom seen"),
        field("pair_distance", pa.list_(pa.float32()), "distance of the pair", "Å"),
        field("pair_multiplicity", pa.list_(pa.int16()), "atoms merged into the pair"),
    ]
)


def write_shard(path: Path, point_sets: Iterable[tuple[str, PointSet]]) -> None:
    """Write point sets, every site its own class and every pair its own entry.

    Parameters
    ----------
    path
        Arrow file to write.
    point_sets
        Identifier and point set of every crystal.
    """
    rows = [_row(material_id, point_set) for material_id, point_set in point_sets]
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, SCHEMA) as writer:
        writer.write_table(table)


def read_shards(folders: Sequence[str | Path]) -> Iterator[tuple[str, PointSet]]:
    """Read the point sets of one or more datasets, in order.

    Parameters
    ----------
    folders
        Folders of ``part-*.arrow`` files.

    Yields
    ------
    tuple of str and PointSet
        The arrays are views of memory-mapped files.

    Raises
    ------
    UserError
        If a folder holds no shard or a file is not a shard.
    """
    for folder in folders:
        for table in _tables(folder):
            yield from _point_sets(table)


def read_classes(folders: Sequence[str | Path]) -> Iterator[tuple[str, SiteClasses]]:
    """Read the quotients of the point sets of one or more datasets; see :func:`read_shards`."""
    for material_id, point_set in read_shards(folders):
        yield material_id, quotient(point_set)


def identifiers(folder: str | Path) -> list[str]:
    """Return the identifiers of the crystals of a dataset that have a point set, in order."""
    return [name for table in _tables(folder) for name in table["material_id"].to_pylist()]


def _tables(folder: str | Path) -> Iterator[pa.Table]:
    parts = sorted(Path(folder).glob("part-*.arrow"))
    if not parts:
        raise UserError(f"{folder} holds no part-*.arrow file; run the rule point_sets again")
    for part in parts:
        try:
            with pa.memory_map(str(part)) as file:
                yield pa.ipc.open_file(file).read_all()
        except pa.ArrowInvalid as error:
            message = f"{part} is not a shard of point sets ({error}); delete it and run again"
            raise UserError(message) from error


def _point_sets(table: pa.Table) -> Iterator[tuple[str, PointSet]]:
    for batch in table.to_batches():
        ids = batch["material_id"].to_pylist()
        n_sites = batch["n_sites"].to_numpy()
        numbers = _lists(batch["site_class"])
        distances = _lists(batch["pair_distance"])
        for index, material_id in enumerate(ids):
            yield (
                material_id,
                PointSet(numbers[index], distances[index].reshape(n_sites[index], -1)),
            )


def _lists(column: pa.ListArray) -> list[np.ndarray]:
    values = column.values.to_numpy()
    return np.split(values, column.offsets.to_numpy())[1:-1]


def _row(material_id: str, point_set: PointSet) -> dict[str, object]:
    n_sites, n_supercell = point_set.n_sites, point_set.n_supercell
    sites = np.arange(n_sites, dtype=np.int16)
    return {
        "material_id": material_id,
        "n_sites": n_sites,
        "n_supercell": n_supercell,
        "site_class": point_set.atomic_numbers,
        "site_multiplicity": np.ones(n_sites, np.int16),
        "pair_i": np.repeat(sites, n_supercell),
        "pair_j": np.tile(np.repeat(sites, n_supercell // n_sites), n_sites),
        "pair_distance": point_set.distances.ravel(),
        "pair_multiplicity": np.ones(n_sites * n_supercell, np.int16),
    }
