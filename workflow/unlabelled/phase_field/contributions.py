"""What every element contributes to a property, in the eyes of an ensemble.

*Ablation*: by how much predictions are lower on average without the element, over the fields of the
table that have it among others. *Attention*: how much of the attention of the other elements of
these fields it gets, relative to equal shares. Neither is a cause: both describe the models.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import torch

from unlabelled import tables
from unlabelled.phase_field.ensemble import Ensemble
from unlabelled.phase_field.fields import ELEMENTS, PADDING, Ids
from unlabelled.phase_field.prediction import Fields
from unlabelled.tables import field

_PAIRS = 2_000_000  # members times fields times pairs of slots that are computed at once


def schema(unit: str) -> pa.Schema:
    """Return the schema of the contributions to a property that has a unit."""
    return pa.schema(
        [
            field("element", pa.string(), "symbol"),
            field("n_fields", pa.int32(), "fields of the table with the element"),
            field("above", pa.float64(), "share of them above the threshold"),
            field("attention", pa.float64(), "attention of others to it, 1: equal shares"),
            field("attention_sd", pa.float64(), "between members"),
            field("probability", pa.float64(), "probability with the element minus without it"),
            field("probability_sd", pa.float64(), "between members"),
            field("value", pa.float64(), "predicted value with the element minus without it", unit),
        ]
    )


def contributions(found: Ensemble, fields: Fields) -> pd.DataFrame:
    """Measure what the elements contribute.

    Parameters
    ----------
    found
        An ensemble.
    fields
        Fields of the property.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`schema`, one row per element of :data:`ELEMENTS`; NaN of elements that no
        field has beside others.
    """
    ids = fields.ids
    row, slot = np.nonzero((ids != PADDING) & ((ids != PADDING).sum(axis=1) > 1)[:, None])
    element = ids[row, slot]
    without = ids[row].copy()
    without[np.arange(len(row)), slot] = PADDING
    with_it, without_it = found.outputs(ids), found.outputs(without)
    probability = with_it.probability[:, row] - without_it.probability
    value = found.restored(with_it.value).mean(axis=0)[row]
    value -= found.restored(without_it.value).mean(axis=0)
    received = _received(found, ids)[:, row, slot]
    numbers = np.bincount(element, minlength=len(ELEMENTS))
    has = np.zeros((len(ids), len(ELEMENTS)), bool)
    present, places = np.nonzero(ids != PADDING)
    has[present, ids[present, places]] = True
    n_fields = has.sum(axis=0)

    def mean(numbers_of_pairs: Any) -> Any:
        sums = np.bincount(element, numbers_of_pairs, len(ELEMENTS))
        return np.divide(sums, numbers, out=np.full(len(ELEMENTS), np.nan), where=numbers > 0)

    by_member = {
        "attention": np.stack([mean(of_member) for of_member in received]),
        "probability": np.stack([mean(of_member) for of_member in probability]),
    }
    share = has[fields.above].sum(axis=0) / np.maximum(n_fields, 1)
    return pd.DataFrame(
        {
            "element": ELEMENTS,
            "n_fields": n_fields,
            "above": np.where(n_fields > 0, share, np.nan),
            "attention": by_member["attention"].mean(axis=0),
            "attention_sd": by_member["attention"].std(axis=0, ddof=1),
            "probability": by_member["probability"].mean(axis=0),
            "probability_sd": by_member["probability"].std(axis=0, ddof=1),
            "value": mean(value),
        }
    )


def write(
    found: Ensemble, fields: Fields, path: str | Path, unit: str, provenance: dict[str, Any]
) -> None:
    """Write the contributions of the elements; see :func:`contributions`."""
    tables.write(contributions(found, fields), path, schema(unit), provenance)


def _received(found: Ensemble, ids: Ids) -> Any:
    """Attention of the others of a field to its elements, 1: equal shares, (M, n, slots)."""
    members, (n, slots) = found.network.members, ids.shape
    received = np.empty((members, n, slots), np.float32)
    size = max(_PAIRS // (members * slots**2), 1)
    own = torch.eye(slots, dtype=torch.bool)
    for start in range(0, n, size):
        block = torch.from_numpy(ids[start : start + size].astype(np.int64))
        there = block != PADDING
        with torch.inference_mode():
            weights = found.network.attention(block.expand(members, -1, -1))
        weights = weights.masked_fill(own | ~there[..., None], 0)
        weights = weights / weights.sum(dim=-1, keepdim=True).clamp(min=1e-30)
        # each of the others gives 1, so equal shares are 1 as well
        received[:, start : start + size] = weights.sum(dim=2).numpy()
    return received
