"""A collection of compositions -> a property of fields: the best that was found in each.

Values of equal compositions were averaged when they were collected, so a field has the largest
mean, not the largest single measurement.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pymatgen.core.periodic_table import Element

from unlabelled import seeds, tables
from unlabelled.errors import UserError
from unlabelled.phase_field.fields import ELEMENTS, key
from unlabelled.structures.schema import REJECTS, Reason
from unlabelled.tables import field

STAGE = "fields"

log = logging.getLogger(__name__)


def schema(unit: str) -> pa.Schema:
    """Return the schema of a table of fields whose property has a unit."""
    return pa.schema(
        [
            field("field", pa.string(), "symbols of the elements in alphabetical order"),
            field("value", pa.float64(), "largest value among the compositions of the field", unit),
            field("above", pa.bool_(), "whether the value is above the threshold"),
            field("n_elements", pa.int8(), "elements of the field"),
            field("n_compositions", pa.int32(), "compositions that have a value"),
        ]
    )


def property_table(
    compositions: pd.DataFrame, label: str, *, threshold: float, inclusive: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take the largest value of every field.

    Parameters
    ----------
    compositions
        Compositions table with the label.
    label
        Name of the property; compositions without it are passed over.
    threshold
        What a value must exceed.
    inclusive
        Whether the threshold itself counts as above it.

    Returns
    -------
    fields
        Columns of :func:`schema`, in the order of their first composition.
    rejected
        Columns of :data:`~unlabelled.structures.schema.REJECTS`: compositions with an element that
        is not among the 87.

    Raises
    ------
    UserError
        If no field is left, or all are on one side of the threshold.
    """
    measured = compositions[compositions[label].notna()].reset_index(drop=True)
    fields, rejected = of_compositions(measured, STAGE)
    found = pd.DataFrame({"field": fields, "value": measured[label]}).dropna(subset="field")
    grouped = found.groupby("field", sort=False)["value"]
    rows = pd.DataFrame({"value": grouped.max(), "n_compositions": grouped.size()}).reset_index()
    rows["above"] = rows["value"] >= threshold if inclusive else rows["value"] > threshold
    rows["n_elements"] = rows["field"].str.count(" ") + 1
    if rows["above"].nunique() < 2:
        extent = f"from {rows['value'].min():g} to {rows['value'].max():g}" if len(rows) else "none"
        raise UserError(
            f"the {len(rows)} fields with {label} are all on one side of the threshold "
            f"{threshold:g}; their values are {extent}"
        )
    return rows, rejected


def of_compositions(compositions: pd.DataFrame, stage: str) -> tuple[pd.Series, pd.DataFrame]:
    """Return the field of every composition.

    Parameters
    ----------
    compositions
        Compositions table.
    stage
        Stage of the rejects.

    Returns
    -------
    fields
        Names, None where an element is not among the 87.
    rejected
        Those compositions, columns of :data:`~unlabelled.structures.schema.REJECTS`.
    """
    symbols = [Element.from_Z(number).symbol for number in range(1, 119)]
    known = set(ELEMENTS)
    fields: list[str | None] = []
    rejected = []
    rows = zip(
        compositions["entry"], compositions["source"], compositions["atomic_numbers"], strict=True
    )
    for entry, source, numbers in rows:
        present = {symbols[number - 1] for number in numbers}
        strange = sorted(present - known)
        fields.append(None if strange else key(present))
        if strange:
            message = f"{', '.join(strange)}: not among the 87 elements of the models"
            rejected.append((entry, source, stage, Reason.UNSUPPORTED_ELEMENT, message))
    return pd.Series(fields, dtype=object), pd.DataFrame(rejected, columns=REJECTS.names)


def write(
    compositions: str | Path,
    label: str,
    destination: str | Path,
    rejected: str | Path,
    *,
    unit: str,
    threshold: float,
    inclusive: bool,
    limit: int | None,
    seed: int,
    provenance: Mapping[str, Any],
) -> None:
    """Write a property of fields, or of a random subset of them, and the rejects.

    Parameters
    ----------
    compositions
        Compositions table.
    label, threshold, inclusive
        As of :func:`property_table`.
    destination, rejected
        Tables to write, each whole or not at all.
    unit
        Of the property.
    limit
        Size of the subset, if any. Subsets of one seed are nested.
    seed
        Seed of the subset.
    provenance
        Stored in the metadata of both tables.
    """
    frame = tables.read(compositions, ["entry", "source", "atomic_numbers", label])
    rows, refused = property_table(frame, label, threshold=threshold, inclusive=inclusive)
    if limit is not None:
        order = seeds.generator(seed, STAGE, label).permutation(len(rows))
        rows = rows.iloc[np.sort(order[:limit])]
    sizes = Counter(rows["n_elements"].tolist())
    log.info(
        "%s: %d fields of %d compositions, %d above %g; sizes %s; %d compositions rejected",
        *(label, len(rows), rows["n_compositions"].sum(), rows["above"].sum(), threshold),
        *(", ".join(f"{size}: {count}" for size, count in sorted(sizes.items())), len(refused)),
    )
    tables.write(rows, destination, schema(unit), provenance)
    tables.write(refused, rejected, REJECTS, provenance)


def reported(compositions: Mapping[str, str | Path]) -> pd.DataFrame:
    """Gather the fields of which collections report a composition.

    Parameters
    ----------
    compositions
        Compositions table by collection.

    Returns
    -------
    pandas.DataFrame
        Column ``field``, and for every collection whether it reports the field; alphabetical.
    """
    found: dict[str, set[str]] = {}
    for collection, path in compositions.items():
        frame = tables.read(path, ["entry", "source", "atomic_numbers"])
        found[collection] = set(of_compositions(frame, STAGE)[0].dropna())
    rows = pd.DataFrame({"field": sorted(set().union(*found.values()))})
    for collection, fields in found.items():
        rows[collection] = rows["field"].isin(fields)
    return rows


def write_reported(
    compositions: Mapping[str, str | Path], destination: str | Path, provenance: Mapping[str, Any]
) -> None:
    """Write the fields that collections report; see :func:`reported`."""
    rows = reported(compositions)
    flags = [
        field(name, pa.bool_(), f"whether {name} has a composition of it") for name in compositions
    ]
    schema = pa.schema(
        [field("field", pa.string(), "symbols of the elements in alphabetical order"), *flags]
    )
    counts = ", ".join(f"{name}: {rows[name].sum()}" for name in compositions)
    log.info("%d fields are reported; %s", len(rows), counts)
    tables.write(rows, destination, schema, provenance)
