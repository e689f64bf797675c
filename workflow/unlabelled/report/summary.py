"""Tables of results, short enough for a page."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from unlabelled.claims.verdict import Verdict
from unlabelled.plots import style

PAPERS = {
    "infomax": "Deep InfoMax on Site-Net",
    "isotropy": "Isotropy of clusters",
    "kernelised_loco": "Kernelised leave-one-cluster-out",
    "phaseselect": "PhaseSelect",
}
_FINE_TUNING = "fine_tuning"


class Table(NamedTuple):
    """A table of a page.

    Attributes
    ----------
    title
        What it shows, with units.
    columns
        Headings.
    rows
        Cells as text, the first of each row its heading.
    """

    title: str
    columns: list[str]
    rows: list[list[str]]


class Judged(NamedTuple):
    """Claims of one study.

    Attributes
    ----------
    title
        Name of the study.
    claims
        Those that were judged, as mappings with the columns of the scorecard.
    untested
        The others.
    """

    title: str
    claims: list[dict[str, Any]]
    untested: list[dict[str, Any]]


def number(value: float, digits: int = 3) -> str:
    """Return a number to so many significant digits, "–" if there is none."""
    if not np.isfinite(value):
        return "–"
    if value != 0 and not 1e-3 <= abs(value) < 1e6:
        return f"{value:.{digits - 1}e}"
    decimals = 0 if value == 0 else max(0, digits - 1 - int(np.floor(np.log10(abs(value)))))
    return f"{value:,.{decimals}f}".replace("-", "−")


def interval(value: float, low: float, high: float) -> str:
    """Return a value with its interval in brackets, if it has one of some width."""
    if not np.isfinite(low + high) or low == high:
        return number(value)
    return f"{number(value)} [{number(low)}, {number(high)}]"


def judged(scorecard: pd.DataFrame) -> list[Judged]:
    """Return the claims study by study, numbers as text."""
    rows = scorecard.assign(
        published=[
            f"{number(claim.published)} {claim.unit}".strip()
            if np.isfinite(claim.published)
            else "unknown"
            for claim in scorecard.itertuples()
        ],
        found=[
            f"{interval(claim.measured, claim.low, claim.high)} {claim.unit}".strip()
            for claim in scorecard.itertuples()
        ],
    )
    untested = rows["verdict"] == Verdict.NOT_TESTABLE
    return [
        Judged(
            title,
            rows[(rows["paper"] == paper) & ~untested].to_dict("records"),
            rows[(rows["paper"] == paper) & untested].to_dict("records"),
        )
        for paper, title in PAPERS.items()
    ]


def counts(scorecard: pd.DataFrame) -> Table:
    """Count the claims of every study by verdict."""
    verdicts = [str(verdict) for verdict in Verdict]
    found = pd.crosstab(scorecard["paper"], scorecard["verdict"]).reindex(
        index=list(PAPERS), columns=verdicts, fill_value=0
    )
    found.loc["all"] = found.sum()
    names = {**PAPERS, "all": "All"}
    rows = [[names[paper], *map(str, row)] for paper, row in zip(found.index, found.to_numpy())]
    return Table("Claims by verdict", ["Study", *verdicts], rows)


def errors(
    summary: pd.DataFrame, task: str, unit: str, methods: Sequence[tuple[str, str]]
) -> Table:
    """Return the median test error of some methods and of all fine-tuned encoders.

    Parameters
    ----------
    summary
        As of label masking.
    task, unit
        Task, and the unit of its label.
    methods
        Arm and head.
    """
    tuned = [(arm, _FINE_TUNING) for arm in _arms(summary, _FINE_TUNING)]
    chosen = style.of_methods(summary, [*methods, *tuned])
    found = chosen.pivot_table(
        index=["arm", "head"], columns="n_labels", values="median", sort=False
    )
    return Table(
        f"Median test error of {style.readable(task)} ({unit}) by the number of labels",
        ["Method", *(f"{n:,}" for n in found.columns)],
        [[style.method(*method), *map(number, row)] for method, row in _rows(found)],
    )


def shapes(measured: pd.DataFrame, collection: str, k: int) -> Table:
    """Return what clusters of every representation look like under every kernel.

    Parameters
    ----------
    measured
        As of the grid.
    collection
        Its name.
    k
        Number of clusters.
    """
    rows = measured[
        (measured["k"] == k)
        & (measured["measure"] == "isoscore")
        & (measured["implementation"] == "corrected")
    ]
    columns = {
        "value": "IsoScore",
        "null_mean": "of round clusters",
        "ari_to_plain": "ARI to no kernel",
        "stability_kernel": "ARI between seeds of the kernel",
        "stability_k_means": "ARI between seeds of k-means",
        "unevenness": "spread of sizes / of random ones",
    }
    found = (
        rows.assign(unevenness=rows["size_sd"] / rows["size_sd_random"])
        .groupby(["representation", "kernel"], sort=False)[list(columns)]
        .mean()
    )
    return Table(
        f"{k} clusters of {style.readable(collection)}, means over seeds",
        ["Representation, kernel", *columns.values()],
        [[", ".join(map(style.readable, name)), *map(number, row)] for name, row in _rows(found)],
    )


def models(
    metrics: pd.DataFrame, quantity: str, unit: str, splits: Mapping[str, str]
) -> Table:
    """Return how well models do on fields held out.

    Parameters
    ----------
    metrics
        Of all folds.
    quantity, unit
        Property, and its unit.
    splits
        What every split holds out, by its name.
    """
    chosen = {"roc_auc": "AUC", "mae": f"MAE ({unit})" if unit else "MAE"}
    rows = metrics[(metrics["property"] == quantity) & metrics["metric"].isin(list(chosen))]
    found = rows.pivot_table(
        index="model", columns=["split", "metric"], values="value", sort=False
    )
    wanted = [
        (split, metric) for split in splits for metric in chosen if (split, metric) in found.columns
    ]
    return Table(
        f"{style.readable(quantity).capitalize()}: area under the ROC curve and mean absolute error, "
        "means over folds",
        ["Model", *(f"{splits[split]}: {chosen[metric]}" for split, metric in wanted)],
        [[style.readable(str(name)), *map(number, row)] for name, row in _rows(found[wanted])],
    )


def of_frame(title: str, frame: pd.DataFrame, headings: Mapping[str, str]) -> Table:
    """Return some columns of a table as they are, numbers shortened."""
    rows = [
        [number(cell) if isinstance(cell, float) else "–" if cell is None else str(cell) for cell in row]
        for row in frame[list(headings)].itertuples(index=False)
    ]
    return Table(title, list(headings.values()), rows)


def _arms(summary: pd.DataFrame, head: str) -> list[str]:
    return style.appearing(summary.loc[summary["head"] == head, "arm"])


def _rows(found: pd.DataFrame) -> list[tuple[Any, list[float]]]:
    return list(zip(found.index, found.to_numpy(float).tolist(), strict=True))
