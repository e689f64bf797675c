"""Rows of the crystal table: written as a stream, read back as structures."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq
from pymatgen.core.structure import Structure

from unlabelled.structures.crystal import Cell, Crystal, to_structure
from unlabelled.tables import lists

ROW_GROUP = 2000  # rows
_STRUCTURE_COLUMNS = ["material_id", "lattice", "atomic_numbers", "frac_coords"]


class Writer:
    """Parquet file to which rows are added one by one, in row groups of bounded size.

    Parameters
    ----------
    path
        File to write.
    schema
        Names, types and metadata of the columns.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._file = pq.ParquetWriter(path, schema)
        self._rows: list[Mapping[str, Any]] = []

    def add(self, row: Mapping[str, Any]) -> None:
        """Add one row; keys are the names of the columns, absent ones are null."""
        self._rows.append(row)
        if len(self._rows) >= ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        columns = [
            pa.array([row.get(field.name) for row in self._rows], type=field.type)
            for field in self._schema
        ]
        self._file.write_table(pa.Table.from_arrays(columns, schema=self._schema))
        self._rows.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None and self._rows:
            self._flush()
        self._file.close()


def to_row(crystal: Crystal, source: str) -> dict[str, Any]:
    """Return the row of the crystal table for a crystal of a source."""
    return {
        **crystal.labels,
        "material_id": crystal.name,
        "formula_reduced": crystal.formula_reduced,
        "elements": list(crystal.elements),
        "n_sites": len(crystal.atomic_numbers),
        "space_group": crystal.space_group,
        "volume": crystal.volume,
        "lattice": crystal.lattice.ravel(),
        "atomic_numbers": crystal.atomic_numbers,
        "frac_coords": crystal.frac_coords.ravel(),
        "source": source,
    }


def from_row(row: Mapping[str, Any]) -> Structure:
    """Return the structure of a row, given its lattice, atomic numbers and coordinates."""
    return to_structure(row["lattice"], row["atomic_numbers"], row["frac_coords"])


def cells(path: str | Path, batch_size: int = ROW_GROUP) -> Iterator[tuple[str, Cell]]:
    """Stream the crystals of a crystal table in its order.

    Parameters
    ----------
    path
        Crystal table.
    batch_size
        Rows held in memory at once.

    Yields
    ------
    tuple of str and Cell
        Identifier and crystal; the arrays are views of the rows in memory.
    """
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size, columns=_STRUCTURE_COLUMNS):
            lattices = batch["lattice"].flatten().to_numpy().reshape(-1, 3, 3)
            coordinates = lists(batch["frac_coords"])
            numbers = lists(batch["atomic_numbers"])
            for row, material_id in enumerate(batch["material_id"].to_pylist()):
                cell = Cell(lattices[row], numbers[row], coordinates[row].reshape(-1, 3))
                yield material_id, cell


def structures(path: str | Path, batch_size: int = ROW_GROUP) -> Iterator[tuple[str, Structure]]:
    """Stream the crystals of a crystal table as pymatgen structures; see :func:`cells`."""
    for material_id, cell in cells(path, batch_size):
        yield material_id, to_structure(*cell)


def structures_at(path: str | Path, rows: list[int]) -> dict[int, Structure]:
    """Return the structures at some rows of a crystal table.

    Parameters
    ----------
    path
        Crystal table.
    rows
        Row numbers, in any order; only the row groups that hold them are read.
    """
    found: dict[int, Structure] = {}
    wanted = sorted(rows)
    with pq.ParquetFile(path) as file:
        start = 0
        for group in range(file.num_row_groups):
            end = start + file.metadata.row_group(group).num_rows
            here = wanted[bisect_left(wanted, start) : bisect_left(wanted, end)]
            if here:
                table = file.read_row_group(group, columns=_STRUCTURE_COLUMNS)
                taken = table.take([row - start for row in here]).to_pylist()
                found.update((row, from_row(one)) for row, one in zip(here, taken, strict=True))
            start = end
    return found
