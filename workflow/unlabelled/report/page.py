"""The page: ``report/index.html``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from unlabelled import pages
from unlabelled.claims.verdict import Verdict
from unlabelled.report import summary
from unlabelled.report.figures import Figure
from unlabelled.report.summary import Table

_TEMPLATE = Path(__file__).with_name("index.html")


class Strand(NamedTuple):
    """A part of the page about one strand of the study.

    Attributes
    ----------
    title, question
        Heading, and what is asked.
    findings
        Sentences made of tables.
    tables
        Tables.
    figures
        Figures.
    """

    title: str
    question: str
    findings: list[str]
    tables: list[Table]
    figures: list[Figure]


def infomax(
    summaries: Mapping[str, pd.DataFrame],
    units: Mapping[str, str],
    methods: Sequence[tuple[str, str]],
    figures: list[Figure],
) -> Strand:
    """Return the part about the first strand, of the summary of every task."""
    return Strand(
        "Deep InfoMax pre-training",
        "Does pre-training without labels help where only tens to a thousand crystals have one?",
        [summary.say_errors(table, task, units[task]) for task, table in summaries.items()],
        [summary.errors(table, task, units[task], methods) for task, table in summaries.items()],
        figures,
    )


def isotropy(measured: Mapping[str, pd.DataFrame], k: int, figures: list[Figure]) -> Strand:
    """Return the part about the second strand, of the measures of every collection."""
    return Strand(
        "Shape of clusters",
        "What shape have clusters of compositions and of embeddings, and are they real?",
        [summary.say_shapes(table, collection) for collection, table in measured.items()],
        [summary.shapes(table, collection, k) for collection, table in measured.items()],
        figures,
    )


def phase_fields(
    metrics: pd.DataFrame,
    units: Mapping[str, str],
    splits: Mapping[str, str],
    figures: list[Figure],
) -> Strand:
    """Return the part about the third strand, of the metrics of all folds.

    Parameters
    ----------
    metrics
        Metrics.
    units
        Unit by property.
    splits
        What every split holds out, the one to speak of first.
    figures
        Figures.
    """
    first = next(iter(splits))
    return Strand(
        "Phase fields",
        "Which sets of elements are worth trying for a property, and can anything be made of them?",
        [summary.say_models(metrics, quantity, first) for quantity in units],
        [summary.models(metrics, quantity, unit, splits) for quantity, unit in units.items()],
        figures,
    )


def page(
    scorecard: pd.DataFrame,
    strands: Sequence[Strand],
    provenance: Sequence[Table],
    *,
    conclusive: bool,
    scale: str,
    pages_made: Sequence[str],
) -> str:
    """Return the page.

    Parameters
    ----------
    scorecard
        All claims, judged.
    strands
        Parts about strands that the study has.
    provenance
        Tables about data, versions, seeds and time.
    conclusive
        Whether the study is large enough to judge claims by.
    scale
        Name of the study.
    pages_made
        Names of all pages of the report.
    """
    found = scorecard["verdict"].value_counts()
    tested = len(scorecard) - found.get(Verdict.NOT_TESTABLE, 0)
    parts = [
        f"{found[verdict]} {verdict}"
        for verdict in Verdict
        if verdict != Verdict.NOT_TESTABLE and found.get(verdict, 0)
    ]
    studies = f"{scorecard['paper'].nunique()} published studies"
    judged = (
        f"{len(scorecard)} of their claims, of faults of their released code, and of what they did "
        f"not ask, this study judges {tested}: {', '.join(parts)}."
    )
    of_claims = 2 * tested > len(scorecard)  # rather than of crystals of one's own
    if of_claims:
        title, lead = "What holds", f"What holds of {studies}: of {judged}"
    else:
        title, lead = "What was found", f"What the methods of {studies} find. Of {judged}"
    if not conclusive:
        lead += " It is too small to conclude from: it shows that everything works."
    return pages.render(
        _TEMPLATE,
        name="index",
        title=title,
        lead=lead,
        scale=scale,
        pages=pages_made,
        scorecard_first=of_claims,
        counts=summary.counts(scorecard),
        judged=summary.judged(scorecard),
        strands=strands,
        provenance=provenance,
    )
