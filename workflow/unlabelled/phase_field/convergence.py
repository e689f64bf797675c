"""How many members an ensemble needs: means over some of them beside the mean over all."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from unlabelled import tables
from unlabelled.phase_field.ensemble import Ensemble
from unlabelled.phase_field.prediction import Fields
from unlabelled.tables import field

_CHANGE = "mean square difference of their mean {} from that of all members, over its variance"

SCHEMA = pa.schema(
    [
        field("property", pa.string(), "property that is predicted"),
        field("members", pa.int32(), "the first so many members"),
        field("probability", pa.float64(), _CHANGE.format("probability")),
        field("value", pa.float64(), _CHANGE.format("value")),
    ]
)


def convergence(found: Ensemble, fields: Fields) -> pd.DataFrame:
    """Compare the mean over the first members with that over all.

    Parameters
    ----------
    found
        An ensemble.
    fields
        Fields whose predictions are compared.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`SCHEMA` but the property, one row for each number of members but the last.
    """
    outputs = found.outputs(fields.ids)
    rows = {name: _changes(getattr(outputs, name)) for name in ("probability", "value")}
    return pd.DataFrame({"members": np.arange(1, found.network.members), **rows})


def write(
    found: Ensemble,
    fields: Fields,
    path: str | Path,
    property_name: str,
    provenance: Mapping[str, Any],
) -> None:
    """Write how an ensemble converges; see :func:`convergence`."""
    rows = convergence(found, fields).assign(property=property_name)
    tables.write(rows, path, SCHEMA, provenance)


def _changes(of_members: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Relative mean square change for every number of members but the last, (M - 1,)."""
    count = np.arange(1, len(of_members) + 1)[:, None]
    means = of_members.cumsum(axis=0, dtype=float) / count
    changes: npt.NDArray[np.float64] = ((means[:-1] - means[-1]) ** 2).mean(axis=1)
    return changes / float(means[-1].var())
