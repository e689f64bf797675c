"""Counts of what became of the entries of every source."""

import pandas as pd
import pyarrow as pa

from unlabelled.structures.schema import Reason
from unlabelled.tables import field

ACCEPTED = "accepted"
OUTCOMES = pa.schema(
    [
        field("source", pa.string(), "name of the source in sources.yaml"),
        field("stage", pa.string(), "stage that refused, empty for accepted entries"),
        field("outcome", pa.string(), "accepted, or one of the closed vocabulary of reasons"),
        field("entries", pa.int64(), "number of entries"),
    ]
)


def count_outcomes(rejects: pd.DataFrame, accepted: pd.DataFrame) -> pd.DataFrame:
    """Count the entries of every source by outcome.

    Parameters
    ----------
    rejects
        Rejects of all sources and stages, columns of
        :data:`~unlabelled.structures.schema.REJECTS`.
    accepted
        Columns source and accepted: the entries left after the last stage.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`OUTCOMES`, sorted by source. The outcome is "accepted", with an empty
        stage, or a :class:`~unlabelled.structures.schema.Reason`.

    Raises
    ------
    ValueError
        If a reason is outside the vocabulary, or a source of the rejects is not in `accepted`.
    """
    unknown = sorted(set(rejects["reason"]) - set(Reason))
    if unknown:
        raise ValueError(f"reasons outside the vocabulary: {', '.join(unknown)}")
    absent = sorted(set(rejects["source"]) - set(accepted["source"]))
    if absent:
        raise ValueError(f"no number of accepted entries for: {', '.join(absent)}")
    refused = (
        rejects.groupby(["source", "stage", "reason"])
        .size()
        .reset_index(name="entries")
        .rename(columns={"reason": "outcome"})
    )
    columns: list[str] = OUTCOMES.names
    kept = accepted.rename(columns={"accepted": "entries"}).assign(stage="", outcome=ACCEPTED)
    table = pd.concat([kept[columns], refused[columns]], ignore_index=True)
    return table.sort_values(["source", "stage", "outcome"], ignore_index=True)
