"""Parquet tables with a schema, units and provenance."""

import json
import zlib
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from unlabelled.errors import UserError
from unlabelled.files import written_whole

PROVENANCE = b"unlabelled.provenance"


def field(name: str, kind: pa.DataType, description: str, unit: str = "") -> pa.Field:
    """Return a field whose metadata say what it holds, and in which unit."""
    return pa.field(name, kind, metadata={"description": description, "unit": unit})


def with_provenance(schema: pa.Schema, provenance: Mapping[str, Any]) -> pa.Schema:
    """Return `schema` with provenance (source hashes, settings, seed, code digest) as metadata."""
    return schema.with_metadata({PROVENANCE: json.dumps(dict(provenance), sort_keys=True)})


def write(
    rows: pd.DataFrame | pa.Table,
    path: str | Path,
    schema: pa.Schema,
    provenance: Mapping[str, Any],
) -> None:
    """Write a table, whole or not at all.

    Parameters
    ----------
    rows
        Table with exactly the columns of `schema`, in any order.
    path
        Parquet file.
    schema
        Names, types, units.
    provenance
        What the table was made from; JSON values.

    Raises
    ------
    ValueError
        If the columns are not those of the schema.
    """
    columns = rows.columns if isinstance(rows, pd.DataFrame) else rows.column_names
    if set(columns) != set(schema.names):
        raise ValueError(
            f"{path}: columns {sorted(columns)} are not those of the schema {sorted(schema.names)}"
        )
    schema = with_provenance(schema, provenance)
    if isinstance(rows, pd.DataFrame):
        table = pa.Table.from_pandas(rows[schema.names], schema=schema, preserve_index=False)
        table = table.replace_schema_metadata(schema.metadata)
    else:
        table = rows.select(schema.names).cast(schema)
    with written_whole(path) as temporary:
        pq.write_table(table, temporary)


def read(path: str | Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Read a table, or some of its columns.

    Raises
    ------
    UserError
        If the file is not a whole Parquet file or lacks a column.
    """
    try:
        frame: pd.DataFrame = pq.read_table(path, columns=columns).to_pandas()
    except (pa.ArrowInvalid, KeyError, OSError) as error:
        raise UserError(f"{path} cannot be read as a table: {error}") from error
    return frame


def lists(column: pa.ListArray) -> list[np.ndarray]:
    """Return the rows of a column of lists as views of its values."""
    values = column.flatten().to_numpy()
    offsets = column.offsets.to_numpy()
    return [values[start:end] for start, end in pairwise((offsets - offsets[0]).tolist())]


def read_own(path: str | Path) -> pd.DataFrame:
    """Read a table that a person made, CSV (gzipped or not) or Parquet, by its suffix.

    Returns
    -------
    pandas.DataFrame
        Columns of dtype object. The cells of a CSV file are text as it stands: an identifier 0012
        keeps its zeros, and NaN may be sodium nitride. Empty cells of a Parquet file are None.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    path = Path(path)
    try:
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
            return frame.astype(object).where(frame.notna(), None)
        frame = pd.read_csv(
            path,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            compression="gzip" if path.suffix == ".gz" else None,
        )
        if not isinstance(frame.index, pd.RangeIndex):
            raise ValueError("rows have more cells than the header, such as one after a last comma")
        return frame
    except (ValueError, OSError, EOFError, zlib.error, pa.ArrowException) as error:
        raise UserError(f"{path} cannot be read: {error}") from error


def provenance(path: str | Path) -> dict[str, Any]:
    """Return the provenance that :func:`write` stored in a table."""
    metadata = pq.read_schema(path).metadata or {}
    return dict(json.loads(metadata.get(PROVENANCE, b"{}")))
