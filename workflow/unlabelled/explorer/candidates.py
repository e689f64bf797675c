"""Candidates among phase fields, with the periodic table as a filter."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from unlabelled import pages
from unlabelled.pages import Column
from unlabelled.plots.periodic_table import PLACES
from unlabelled.plots.style import readable

_TEMPLATE = Path(__file__).with_suffix(".html")
_SCRIPT = Path(__file__).with_suffix(".js")


class Ranking(NamedTuple):
    """Candidates of one size for one property.

    Attributes
    ----------
    quantity, unit
        The property and its unit.
    size
        Elements of a candidate.
    threshold
        Above which a value counts.
    table
        Columns of :func:`unlabelled.phase_field.candidates.schema`.
    """

    quantity: str
    unit: str
    size: int
    threshold: float
    table: pd.DataFrame


def page(rankings: Sequence[Ranking], *, scale: str, pages_made: Collection[str]) -> str:
    """Return the page of candidates.

    Parameters
    ----------
    rankings
        At least one.
    scale
        Name of the study.
    pages_made
        Names of all pages of the study.

    Returns
    -------
    str
        HTML.
    """
    number = sum(len(ranking.table) for ranking in rankings)
    quantities = dict.fromkeys(readable(ranking.quantity) for ranking in rankings)
    return pages.render(
        _TEMPLATE,
        name="candidates",
        title="Unreported phase fields",
        lead=(
            f"{number:,} sets of elements that none of the study's collections reports, the best "
            f"by probability times accessibility, for {', '.join(quantities)}. These are "
            "predictions: none of them was made or measured here."
        ),
        scale=scale,
        pages=pages_made,
        data=[_data(ranking) for ranking in rankings],
        scripts=[_SCRIPT],
        charts=True,
        tables=True,
        elements=sorted(
            ((symbol, *place) for symbol, place in PLACES.items()),
            key=lambda element: (element[2], element[1]),
        ),
    )


def _data(ranking: Ranking) -> dict[str, object]:
    quantity, unit = readable(ranking.quantity), ranking.unit
    in_unit = f" ({unit})" if unit else ""
    columns = [
        Column("rank", "rank", 0),
        Column("field", "elements"),
        Column("probability", "probability", 3),
        Column("probability_sd", "its spread", 3),
        Column("value", f"{quantity}{in_unit}", 2),
        Column("lower", f"lower end{in_unit}", 2),
        Column("upper", f"upper end{in_unit}", 2),
        Column("accessibility", "accessibility", 3),
        Column("agree", "agree"),
        Column("on_front", "on front"),
        Column("nearest", "nearest reported fields"),
        Column("similarity", "similarity", 2),
    ]
    table = ranking.table.sort_values("rank")
    for flag in ("agree", "on_front"):
        table[flag] = table[flag].map({True: "yes", False: "no"})
    return {
        "name": f"{quantity}, {ranking.size} elements",
        "file": f"{ranking.quantity}_candidates_{ranking.size}",
        "quantity": f"{quantity}{in_unit}",
        "threshold": f"{ranking.threshold:g} {unit}".strip(),
        "columns": [column._asdict() for column in columns],
        "values": pages.columnar(table, columns),
    }
