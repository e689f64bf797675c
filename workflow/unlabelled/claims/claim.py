"""Claims as the registry states them, ``resources/claims.yaml``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from unlabelled.configuration import check, read
from unlabelled.errors import ConfigurationError

Kind = Literal["claim", "fault", "addition"]
Direction = Literal["above", "below", "equal"]
Value = str | int | float


@dataclass(frozen=True, slots=True)
class Claim:
    """One row of the scorecard.

    Attributes
    ----------
    id
        Unique; of a case, with its values behind slashes.
    paper
        Study.
    kind
        ``claim`` of the study, ``fault`` of its released code, or ``addition``: what the study did
        not ask.
    statement
        In our words.
    source
        Where it is stated, or what it was found in.
    published
        Published value; None if unknown.
    unit
        Of the values.
    direction
        On which side of the reference the value lies if the claim holds; ``equal``: it has the
        published value.
    reference
        Value of no effect.
    tolerance
        How far apart the published value and the interval may lie.
    over
        What the interval is over.
    tables
        Path below the results by the name that the query has for it.
    query
        SQL for one row ``value, low, high``, or for several of ``value``: independent repetitions.
    given
        Values of the case, parameters of the query.
    sources
        Sources of raw data that the study must have used.
    needs
        What has to be in the study, for who wants the claim tested.
    demo
        Whether a small study can decide it.
    """

    id: str
    paper: str
    kind: Kind
    statement: str
    source: str
    published: float | None
    unit: str
    direction: Direction
    reference: float
    tolerance: float
    over: str
    tables: Mapping[str, str]
    query: str
    needs: str
    sources: tuple[str, ...] = ()
    demo: bool = True
    given: Mapping[str, Value] = field(default_factory=dict)


def load(path: str | Path, schema: str | Path) -> list[Claim]:
    """Read and check the registry of claims; one with cases becomes one claim per case.

    Parameters
    ----------
    path
        ``resources/claims.yaml``.
    schema
        ``workflow/schemas/claims.schema.yaml``.

    Raises
    ------
    ConfigurationError
        If the file is not YAML, does not follow the schema, names a value that a case lacks, or
        holds an id twice.
    """
    document = read(path)
    check(document, schema, str(path))
    claims = [
        _claim(name, {**entry, **case}, path)
        for name, entry in document.items()
        for case in entry.get("cases", [{}])
    ]
    seen = set()
    for claim in claims:
        if claim.id in seen:
            raise ConfigurationError(f"{path}: two cases of a claim are the same: {claim.id}")
        seen.add(claim.id)
    return claims


def _claim(name: str, entry: Mapping[str, Any], path: str | Path) -> Claim:
    given = {
        key: value for key, value in entry.items() if key not in Claim.__slots__ and key != "cases"
    }
    published = entry.get("published", "unknown")

    def filled(text: str, values: Mapping[str, Value] = given) -> str:
        try:
            return text.format(**values).strip()
        except KeyError as error:
            raise ConfigurationError(f"{path}: a case of {name} has no {error}") from error

    return Claim(
        id="/".join([name, *map(str, given.values())]),
        paper=entry["paper"],
        kind=entry["kind"],
        statement=filled(
            entry["statement"],
            {key: str(value).replace("_", " ") for key, value in given.items()},
        ),
        source=filled(entry["source"]),
        published=None if published == "unknown" else float(published),
        unit=filled(entry.get("unit", "")),
        direction=entry["direction"],
        reference=float(entry.get("reference", 0)),
        tolerance=float(entry.get("tolerance", 0)),
        over=entry["over"],
        tables={alias: filled(table) for alias, table in entry["tables"].items()},
        query=entry["query"],
        needs=filled(entry["needs"]),
        sources=tuple(filled(source) for source in entry.get("sources", [])),
        demo=entry.get("demo", True),
        given=given,
    )
