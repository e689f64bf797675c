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
NOTHING_IN_COMMON = 0.05  # adjusted Rand index
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
        return f"{value:.{digits - 1}e}".replace("-", "−")
    decimals = 0 if value == 0 else max(0, digits - 1 - int(np.floor(np.log10(abs(value)))))
    return f"{value:,.{decimals}f}".replace("-", "−")


def interval(value: float, low: float, high: float) -> str:
    """Return a value with its interval in brackets, if it has one of some width."""
    if not np.isfinite(low + high) or low == high:
        return number(value)
    return f"{number(value)} [{number(low)}, {number(high)}]"


def judged(scorecard: pd.DataFrame) -> list[Judged]:
    """Return the claims study by study, numbers as text."""
    found = []
    for paper, title in PAPERS.items():
        claims: list[dict[str, Any]] = [
            {str(name): value for name, value in row.items()}
            for row in scorecard[scorecard["paper"] == paper].to_dict("records")
        ]
        for claim in claims:
            published, unit = claim["published"], claim["unit"]
            if np.isfinite(published):
                claim["published"] = f"{number(published)} {unit}".strip()
            else:
                claim["published"] = "unknown" if claim["kind"] == "claim" else "–"
            measured = interval(claim["measured"], claim["low"], claim["high"])
            claim["found"] = f"{measured} {unit}".strip()
        untested = [claim for claim in claims if claim["verdict"] == Verdict.NOT_TESTABLE]
        tested = [claim for claim in claims if claim["verdict"] != Verdict.NOT_TESTABLE]
        found.append(Judged(title, tested, untested))
    return found


def counts(scorecard: pd.DataFrame) -> Table:
    """Count the claims of every study by verdict."""
    verdicts = [str(verdict) for verdict in Verdict]
    found = pd.crosstab(scorecard["paper"], scorecard["verdict"]).reindex(
        index=list(PAPERS), columns=verdicts, fill_value=0
    )
    found.loc["all"] = found.sum()
    names = {**PAPERS, "all": "All"}
    rows = [[names[str(paper)], *map(str, row)] for paper, *row in found.itertuples()]
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
        "size_sd_random": "spread of sizes / of random ones",
    }
    found = rows.groupby(["representation", "kernel"], sort=False)[list(columns)].mean()
    return Table(
        f"{k} clusters of {style.readable(collection)}, means over seeds",
        ["Representation, kernel", *columns.values()],
        [[", ".join(map(style.readable, name)), *map(number, row)] for name, row in _rows(found)],
    )


def models(metrics: pd.DataFrame, quantity: str, unit: str, splits: Mapping[str, str]) -> Table:
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
    found = rows.pivot_table(index="model", columns=["split", "metric"], values="value", sort=False)
    wanted = [
        (split, metric) for split in splits for metric in chosen if (split, metric) in found.columns
    ]
    return Table(
        f"{style.readable(quantity).capitalize()}: area under the ROC curve and mean absolute "
        "error, means over folds",
        ["Model", *(f"{splits[split]}: {chosen[metric]}" for split, metric in wanted)],
        [[style.readable(str(name)), *map(number, row)] for name, row in _rows(found[wanted])],
    )


def say_errors(summary: pd.DataFrame, task: str, unit: str) -> str:
    """Say which method has the smallest median error for every number of labels."""
    best = summary.loc[summary.groupby("n_labels")["median"].idxmin()]
    columns = (best[name].tolist() for name in ("n_labels", "median", "arm", "head"))
    parts = [
        f"{n:,} labels {number(error)} {unit} ({style.method(arm, head)})"
        for n, error, arm, head in zip(*columns, strict=True)
    ]
    return f"Smallest median error of {style.readable(task)}: with {'; '.join(parts)}."


def say_shapes(measured: pd.DataFrame, collection: str) -> str:
    """Say under how many kernels clusters have nothing in common with those without."""
    pairs = measured.groupby(["representation", "kernel"])["ari_to_plain"].mean()
    noise = pairs[pairs < NOTHING_IN_COMMON]
    return (
        f"{style.readable(collection).capitalize()}: in {len(noise)} of {len(pairs)} pairs of a "
        "representation and a kernel, clusters have nothing in common with those without a "
        f"kernel (adjusted Rand index below {NOTHING_IN_COMMON:g})."
    )


def say_models(metrics: pd.DataFrame, quantity: str, split: str) -> str:
    """Say which model has the largest area under the ROC curve."""
    rows = metrics[
        (metrics["property"] == quantity)
        & (metrics["split"] == split)
        & (metrics["metric"] == "roc_auc")
    ]
    areas = rows.groupby("model", sort=False)["value"].mean().dropna().sort_values()
    parts = [f"{style.readable(str(model))} {number(areas[model])}" for model in areas.index[::-1]]
    return f"{style.readable(quantity).capitalize()}, area under the ROC curve: {', '.join(parts)}."


def of_frame(title: str, frame: pd.DataFrame, headings: Mapping[str, str]) -> Table:
    """Return some columns of a table as they are, numbers shortened."""
    rows = [
        [
            number(cell) if isinstance(cell, float) else "–" if cell is None else str(cell)
            for cell in row
        ]
        for row in frame[list(headings)].itertuples(index=False)
    ]
    return Table(title, list(headings.values()), rows)


def _arms(summary: pd.DataFrame, head: str) -> list[str]:
    return style.appearing(summary.loc[summary["head"] == head, "arm"])


def _rows(found: pd.DataFrame) -> list[tuple[Any, list[float]]]:
    return list(zip(found.index, found.to_numpy(float).tolist(), strict=True))
