"""Columns of the compositions tables and of their representations."""

from collections.abc import Mapping

import pyarrow as pa

from unlabelled.tables import field


def compositions(labels: Mapping[str, str]) -> pa.Schema:
    """Return the schema of a table of compositions.

    Parameters
    ----------
    labels
        Unit of every label column, by label name.

    Returns
    -------
    pyarrow.Schema
        The columns all collections share, then one float64 column per label, null where unknown.
    """
    return pa.schema(
        [
            field("entry", pa.string(), "formula as given, or material_id of a crystal"),
            field("source", pa.string(), "name of the (first) source in sources.yaml"),
            field("formula", pa.string(), "formula as given; of a crystal the reduced one"),
            field("formula_reduced", pa.string(), "reduced formula, pymatgen's order of elements"),
            field("atomic_numbers", pa.list_(pa.int16()), "elements present, ascending"),
            field("amounts", pa.list_(pa.float64()), "atoms of each per formula, as given"),
            field("n_rows", pa.int32(), "rows of the sources with this composition"),
            *(
                field(name, pa.float64(), f"label {name}, mean over equal compositions", unit)
                for name, unit in sorted(labels.items())
            ),
        ]
    )


def features(dimension: int) -> pa.Schema:
    """Return the schema of a representation with vectors of `dimension` numbers."""
    return pa.schema(
        [
            field("row", pa.int32(), "row of the compositions table, from 0"),
            field("features", pa.list_(pa.float32(), dimension), "vector of the composition"),
        ]
    )
