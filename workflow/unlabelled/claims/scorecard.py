"""The scorecard: every claim is asked of the tables of a study."""

import math
from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from unlabelled.claims.claim import Claim
from unlabelled.claims.verdict import Interval, Verdict, decide, of_repetitions
from unlabelled.errors import UserError
from unlabelled.tables import field

SCHEMA = pa.schema(
    [
        field("id", pa.string(), "claim"),
        field("paper", pa.string(), "study"),
        field("kind", pa.string(), "claim, fault of the released code, or addition of ours"),
        field("statement", pa.string(), "what is claimed, in our words"),
        field("source", pa.string(), "where"),
        field("published", pa.float64(), "published value; none if unknown"),
        field("unit", pa.string(), "of the values"),
        field("direction", pa.string(), "side of the reference on which the value is claimed"),
        field("reference", pa.float64(), "value of no effect"),
        field("measured", pa.float64(), "value in this study; none if not testable"),
        field("low", pa.float64(), "lower end of its 95 % interval"),
        field("high", pa.float64(), "upper end"),
        field("over", pa.string(), "what the interval is over"),
        field("verdict", pa.string(), "what holds"),
        field("why", pa.string(), "reason of the verdict"),
        field("tables", pa.list_(pa.string()), "tables that decide"),
    ]
)


def scorecard(
    claims: Sequence[Claim],
    results: str | Path,
    at_hand: Collection[str],
    sources: Collection[str],
    *,
    conclusive: bool,
) -> pd.DataFrame:
    """Judge all claims.

    Parameters
    ----------
    claims
        What is claimed.
    results
        Folder of the study.
    at_hand
        Tables that the study makes, paths below the folder.
    sources
        Raw sources that it uses.
    conclusive
        Whether it is large enough for claims that need the size of the default study.

    Returns
    -------
    pandas.DataFrame
        With the columns of ``SCHEMA``, in the order of the claims.

    Raises
    ------
    UserError
        If a query fails, or returns other columns than it should; with the claim's id.
    """
    rows = []
    for claim in claims:
        measured = Interval(math.nan, math.nan, math.nan)
        why = _obstacle(claim, at_hand, sources, conclusive)
        verdict = Verdict.NOT_TESTABLE
        if why is None:
            found = ask(claim, Path(results))
            if found is None:
                why = f"the study has no rows for it; needs {claim.needs}"
            else:
                measured = found
                verdict, why = decide(claim, measured)
        rows.append(
            {name: getattr(claim, name) for name in SCHEMA.names if hasattr(claim, name)}
            | {
                "tables": list(claim.tables.values()),
                "measured": measured.value,
                "low": measured.low,
                "high": measured.high,
                "verdict": str(verdict),
                "why": why,
            }
        )
    return pd.DataFrame(rows, columns=SCHEMA.names)


def ask(claim: Claim, results: Path) -> Interval | None:
    """Return what the tables of a study say of a claim, None if nothing.

    Raises
    ------
    UserError
        If the query fails, or returns other columns than it should.
    """
    with duckdb.connect() as database:
        given = {name: value for name, value in claim.given.items() if f"${name}" in claim.query}
        try:
            for alias, path in claim.tables.items():  # views: only the columns asked for are read
                view = database.read_parquet(str(results / path), hive_partitioning=False)
                view.create_view(alias)
            found = database.execute(claim.query, given).df()
        except duckdb.Error as error:
            raise UserError(f"the query of the claim {claim.id} fails: {error}") from error
    if list(found.columns) not in (["value"], ["value", "low", "high"]):
        raise UserError(
            f"the query of the claim {claim.id} returns {', '.join(found.columns)}; it should "
            "return value, or value, low and high"
        )
    found = found.dropna(subset=["value"]).astype(float)
    if found.empty:
        return None
    if "low" not in found:
        return of_repetitions(found["value"])
    if len(found) > 1:
        raise UserError(f"the query of the claim {claim.id} returns {len(found)} intervals, not 1")
    return Interval(*found.iloc[0])


def _obstacle(
    claim: Claim, at_hand: Collection[str], sources: Collection[str], conclusive: bool
) -> str | None:
    """Say why a study cannot decide a claim, None if it can."""
    if not conclusive and not claim.demo:
        return f"this study is too small for it; needs {claim.needs}"
    missing = [source for source in claim.sources if source not in sources]
    if missing:
        return f"the study does not use {', '.join(missing)}; needs {claim.needs}"
    if not set(claim.tables.values()) <= set(at_hand):
        return f"not part of this study; needs {claim.needs}"
    return None
