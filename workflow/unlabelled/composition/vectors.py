"""Tables of vectors of compositions: written and read block by block.

Light to import: what only reads representations needs no chemistry.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from unlabelled import tables
from unlabelled.composition.schema import features
from unlabelled.errors import UserError
from unlabelled.files import written_whole


def read(path: str | Path) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Read a representation.

    Returns
    -------
    rows
        Rows of the compositions table, (n,): what is said of a composition elsewhere, such as its
        labels, must be looked up by them, since rows may have been left out.
    features
        (n, d), filled one row group at a time: beside it no second copy is in memory.
    """
    with pq.ParquetFile(path) as file:
        dimension = file.schema_arrow.field("features").type.list_size
        rows = np.empty(file.metadata.num_rows, np.int32)
        vectors = np.empty((len(rows), dimension), np.float32)
        start = 0
        for group in range(file.num_row_groups):
            table = file.read_row_group(group).combine_chunks()
            end = start + len(table)
            rows[start:end] = table["row"].to_numpy()
            flat = table["features"].combine_chunks().flatten().to_numpy()
            vectors[start:end] = flat.reshape(-1, dimension)
            start = end
    return rows, vectors


def write(
    rows: npt.NDArray[np.int32],
    blocks: Iterable[npt.NDArray[np.float32]],
    dimension: int,
    destination: str | Path,
    provenance: Mapping[str, Any],
) -> None:
    """Write a representation, whole or not at all.

    Parameters
    ----------
    rows
        (n,) rows of the compositions table.
    blocks
        Their vectors, some rows at a time, (…, dimension).
    dimension
        Length of a vector.
    destination
        File to write.
    provenance
        Stored in its metadata.
    """
    schema = tables.with_provenance(features(dimension), provenance)
    with (
        written_whole(destination) as temporary,
        # numbers hardly repeat, so a dictionary of them is of no use
        pq.ParquetWriter(temporary, schema, use_dictionary=False, compression="zstd") as file,
    ):
        start = 0
        for block in blocks:
            lists = pa.FixedSizeListArray.from_arrays(pa.array(block.ravel()), dimension)
            here = pa.array(rows[start : start + len(block)])
            file.write_table(pa.Table.from_arrays([here, lists], schema=schema))
            start += len(block)


def of_embeddings(
    compositions: str | Path,
    embeddings: str | Path,
    destination: str | Path,
    provenance: Mapping[str, Any],
) -> None:
    """Write the embeddings of a collection's crystals as a representation.

    Parameters
    ----------
    compositions
        Compositions table of crystals.
    embeddings
        Table of ``material_id`` and ``embedding``; crystals that have none are left out.
    destination
        Representation to write.
    provenance
        Stored in its metadata.

    Raises
    ------
    UserError
        If no crystal has an embedding.
    """
    entries = tables.read(compositions, ["entry"])["entry"]
    embedded = tables.read(embeddings, ["material_id", "embedding"]).set_index("material_id")
    known = entries.isin(embedded.index)
    if not known.any():
        raise UserError(f"no crystal of {compositions} has an embedding in {embeddings}")
    vectors = np.stack(embedded["embedding"].loc[entries[known]].to_list())
    rows = np.flatnonzero(known).astype(np.int32)
    write(rows, [vectors], vectors.shape[1], destination, provenance)
