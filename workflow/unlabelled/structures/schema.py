"""Columns of the crystal table and of the rejects table."""

from collections.abc import Mapping
from enum import StrEnum

import pyarrow as pa

from unlabelled.tables import field


class Reason(StrEnum):
    """Why an entry was refused: the closed vocabulary of the rejects tables."""

    UNREADABLE = "unreadable"
    NO_SITES = "no sites"
    DISORDERED = "disordered"
    OVERLAPPING_SITES = "overlapping sites"
    TOO_MANY_SITES = "too many sites"
    UNSUPPORTED_ELEMENT = "unsupported element"
    MISSING_FEATURE = "missing feature"
    COMPOSITION_MISMATCH = "composition mismatch"
    DUPLICATE_ID = "duplicate id"
    DUPLICATE_STRUCTURE = "duplicate structure"
    MISSING_LABEL = "missing label"


MAX_NAME = 500  # characters of an identifier
MAX_MESSAGE = 500  # characters

REJECTS = pa.schema(
    [
        field("entry", pa.string(), "identifier given by the source"),
        field("source", pa.string(), "name of the source in sources.yaml"),
        field(
            "stage",
            pa.string(),
            "structures, point_sets, compositions, representations, environments or fields",
        ),
        field("reason", pa.string(), "one of the closed vocabulary of reasons"),
        field("message", pa.string(), "what the parser or the check said"),
    ]
)


def bounded(text: str, length: int) -> str:
    """Return a text as a cell of a table, cut off after so many characters.

    Lone surrogates, of names and files that cannot be decoded, are replaced: no table holds them.
    """
    cut = text if len(text) <= length else text[: length - 1] + "…"
    return cut.encode(errors="replace").decode()


def crystals(labels: Mapping[str, str]) -> pa.Schema:
    """Return the schema of the crystal table.

    Parameters
    ----------
    labels
        Unit of every label column, by label name.

    Returns
    -------
    pyarrow.Schema
        The columns all datasets share, then one float64 column per label, null where unknown.
    """
    return pa.schema(
        [
            field("material_id", pa.string(), "identifier, unique in the table"),
            field("formula_reduced", pa.string(), "reduced formula, pymatgen's order of elements"),
            field("elements", pa.list_(pa.string()), "symbols present, sorted"),
            field("n_sites", pa.int32(), "sites of the cell as read"),
            field("space_group", pa.int16(), "international number, symprec 0.01 Å"),
            field("volume", pa.float64(), "volume of the cell", "Å³"),
            field("lattice", pa.list_(pa.float64(), 9), "lattice vectors as rows, flattened", "Å"),
            field("atomic_numbers", pa.list_(pa.int16()), "atomic number of every site"),
            field("frac_coords", pa.list_(pa.float64()), "fractional coordinates, row by row"),
            field("source", pa.string(), "name of the source in sources.yaml"),
            *(
                field(name, pa.float64(), f"label {name}", unit)
                for name, unit in sorted(labels.items())
            ),
        ]
    )
