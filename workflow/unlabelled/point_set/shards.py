"""Point sets and their quotients on disk: Arrow files, memory-mapped when read."""

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, overload

import numpy as np
import pyarrow as pa

from unlabelled.errors import UserError
from unlabelled.point_set.point_set import PointSet
from unlabelled.point_set.quotient import SiteClasses, every_site, quotient
from unlabelled.tables import field

SCHEMA = pa.schema(
    [
        field("material_id", pa.string(), "identifier in the crystal table"),
        field("n_sites", pa.int32(), "sites of the primitive cell, P"),
        field("n_supercell", pa.int32(), "atoms of the supercell, S"),
        field("atomic_number", pa.list_(pa.int16()), "atomic number of every primitive site"),
        field("distance", pa.list_(pa.float32()), "levels: the distances that occur", "Å"),
        field("level", pa.list_(pa.uint16()), "level of site i and supercell atom j, row by row"),
        field("site_class", pa.list_(pa.int16()), "atomic number of every class of sites"),
        field("site_multiplicity", pa.list_(pa.int16()), "primitive sites in every class"),
        field("pair_i", pa.list_(pa.int16()), "class of the site that looks"),
        field("pair_j", pa.list_(pa.int16()), "class of the atom seen"),
        field("pair_level", pa.list_(pa.uint16()), "level of the pair's distance"),
        field("pair_multiplicity", pa.list_(pa.int16()), "atoms merged into the pair"),
    ]
)

Row = tuple[Any, ...]


def row(material_id: str, point_set: PointSet) -> Row:
    """Return the row of a crystal, its quotient included: values in the order of the schema."""
    classes = quotient(point_set)
    return (
        material_id,
        point_set.n_sites,
        point_set.n_supercell,
        point_set.atomic_numbers,
        point_set.levels,
        point_set.level.ravel(),
        classes.atomic_numbers,
        classes.multiplicity,
        classes.pair_i,
        classes.pair_j,
        classes.pair_level,
        classes.pair_multiplicity,
    )


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write a shard.

    Parameters
    ----------
    path
        Arrow file to write.
    rows
        What :func:`row` returned for every crystal.
    """
    columns = zip(*rows, strict=True) if rows else [()] * len(SCHEMA)
    arrays = [_column(values, named.type) for named, values in zip(SCHEMA, columns, strict=True)]
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, SCHEMA) as writer:
        writer.write_batch(pa.record_batch(arrays, schema=SCHEMA))


def write_shard(path: Path, point_sets: Iterable[tuple[str, PointSet]]) -> None:
    """Write point sets, by identifier, and their quotients; see :func:`write_rows`."""
    write_rows(path, [row(material_id, point_set) for material_id, point_set in point_sets])


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
    for shard in _shards(folders):
        for index, material_id in enumerate(shard.ids):
            yield material_id, shard.point_set(index)


def read_classes(folders: Sequence[str | Path]) -> Iterator[tuple[str, SiteClasses]]:
    """Read the quotients of the point sets of one or more datasets; see :func:`read_shards`."""
    for shard in _shards(folders):
        for index, material_id in enumerate(shard.ids):
            yield material_id, shard.site_classes(index)


def identifiers(folder: str | Path) -> list[str]:
    """Return the identifiers of the crystals of a dataset that have a point set, in order."""
    return [name for batch in _batches(folder) for name in batch["material_id"].to_pylist()]


class Shards(Sequence[SiteClasses]):
    """Crystals of one or more datasets, made when asked for from memory-mapped files.

    Memory holds their identifiers and sizes only. A slice, or any part, shares the files.

    Parameters
    ----------
    folders
        Folders of ``part-*.arrow`` files.
    quotient
        Whether a crystal is its quotient; else every site is a class
        (:func:`~unlabelled.point_set.quotient.every_site`).

    Attributes
    ----------
    ids : list of str
        Identifiers.
    n_sites : numpy.ndarray
        (n,) int32, primitive sites of every crystal.
    n_pairs : numpy.ndarray
        (n,) int32, pairs of every crystal.

    Raises
    ------
    UserError
        If a folder holds no shard or a file is not a shard.
    """

    def __init__(self, folders: Sequence[str | Path], *, quotient: bool) -> None:
        self._quotient = quotient
        self._shards = list(_shards(folders))
        sizes = [len(shard.ids) for shard in self._shards]
        self._shard = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        self._number = np.concatenate([np.arange(size, dtype=np.int32) for size in sizes])
        self.ids = [name for shard in self._shards for name in shard.ids]
        self.n_sites = np.concatenate([shard.n_sites for shard in self._shards])
        self.n_pairs = np.concatenate(
            [
                np.diff(shard.of_pairs) if quotient else shard.n_sites * shard.n_supercell
                for shard in self._shards
            ]
        )

    def part(self, indices: Sequence[int] | np.ndarray) -> Self:
        """Return the crystals at some indices, in that order."""
        part = copy.copy(self)
        chosen = np.asarray(indices, dtype=np.int64)
        part.ids = [self.ids[index] for index in chosen.tolist()]
        part.n_sites, part.n_pairs = self.n_sites[chosen], self.n_pairs[chosen]
        part._shard, part._number = self._shard[chosen], self._number[chosen]
        return part

    def __len__(self) -> int:
        """Return the number of crystals."""
        return len(self.ids)

    @overload
    def __getitem__(self, index: int) -> SiteClasses: ...

    @overload
    def __getitem__(self, index: slice) -> Self: ...

    def __getitem__(self, index: int | slice) -> "SiteClasses | Self":
        """Return a crystal, its arrays views of the file, or the part that a slice names."""
        if isinstance(index, slice):
            return self.part(range(len(self))[index])
        shard, number = self._shards[int(self._shard[index])], int(self._number[index])
        if self._quotient:
            return shard.site_classes(number)
        return every_site(shard.point_set(number))


@dataclass(frozen=True, slots=True)
class _Shard:
    """One file: the values of its columns end to end, and where each crystal's begin.

    Columns of one length, those of sites for example, share their offsets.
    """

    ids: list[str]
    n_sites: np.ndarray
    n_supercell: np.ndarray
    values: dict[str, np.ndarray]
    of_sites: np.ndarray
    of_levels: np.ndarray
    of_atoms: np.ndarray
    of_classes: np.ndarray
    of_pairs: np.ndarray

    @classmethod
    def of_batch(cls, batch: pa.RecordBatch) -> Self:
        lists = {f.name: batch[f.name] for f in SCHEMA if pa.types.is_list(f.type)}
        offsets = {name: column.offsets.to_numpy() for name, column in lists.items()}
        return cls(
            batch["material_id"].to_pylist(),
            batch["n_sites"].to_numpy(),
            batch["n_supercell"].to_numpy(),
            {name: column.flatten().to_numpy() for name, column in lists.items()},
            offsets["atomic_number"],
            offsets["distance"],
            offsets["level"],
            offsets["site_class"],
            offsets["pair_i"],
        )

    def point_set(self, index: int) -> PointSet:
        """Return the point set of a crystal."""
        values = self.values
        return PointSet(
            values["atomic_number"][_extent(self.of_sites, index)],
            values["distance"][_extent(self.of_levels, index)],
            values["level"][_extent(self.of_atoms, index)].reshape(self.n_sites[index], -1),
        )

    def site_classes(self, index: int) -> SiteClasses:
        """Return the quotient of a crystal."""
        values = self.values
        classes, pairs = _extent(self.of_classes, index), _extent(self.of_pairs, index)
        return SiteClasses(
            values["site_class"][classes],
            values["site_multiplicity"][classes],
            values["pair_i"][pairs],
            values["pair_j"][pairs],
            values["pair_level"][pairs],
            values["pair_multiplicity"][pairs],
            values["distance"][_extent(self.of_levels, index)],
        )


def _extent(offsets: np.ndarray, index: int) -> slice:
    return slice(offsets[index], offsets[index + 1])


def _shards(folders: Sequence[str | Path]) -> Iterator[_Shard]:
    return (_Shard.of_batch(batch) for folder in folders for batch in _batches(folder))


def _batches(folder: str | Path) -> Iterator[pa.RecordBatch]:
    parts = sorted(Path(folder).glob("part-*.arrow"))
    if not parts:
        raise UserError(f"{folder} holds no part-*.arrow file; run the rule point_sets again")
    for part in parts:
        try:
            with pa.memory_map(str(part)) as file, pa.ipc.open_file(file) as reader:
                if reader.schema != SCHEMA:
                    raise pa.ArrowInvalid("other columns")
                yield reader.get_batch(0)
        except pa.ArrowInvalid as error:
            message = f"{part} is not a shard of point sets ({error}); delete it and run again"
            raise UserError(message) from error


def _column(rows: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if not pa.types.is_list(kind):
        return pa.array(rows, kind)
    offsets = np.cumsum([0, *map(len, rows)], dtype=np.int32)
    values = pa.array(np.concatenate(rows) if rows else [], kind.value_type)
    return pa.ListArray.from_arrays(offsets, values, type=kind)
