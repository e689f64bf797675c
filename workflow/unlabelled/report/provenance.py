"""Where data come from, what was refused, which versions ran, and how long it took."""

import re
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from unlabelled import tables

#: Packages whose version can change a number.
PACKAGES = (
    *("unlabelled", "snakemake", "numpy", "scipy", "pandas", "pyarrow", "scikit-learn"),
    *("torch", "lightning", "numba", "pymatgen", "spglib", "matplotlib", "plotly", "duckdb"),
)


def sources(specs: Mapping[str, Any], used: Iterable[str]) -> pd.DataFrame:
    """Return where the raw data of a study come from.

    Parameters
    ----------
    specs
        Specification of all sources, by name.
    used
        Names of those that the study uses.

    Returns
    -------
    pandas.DataFrame
        Source, origin, sha256 (of the file, None for one's own), licence, citation.
    """
    rows = []
    for name in used:
        spec = specs[name]
        if spec["kind"] == "package":
            origin = f"{spec['package']} {spec['version']}: {spec['member']}"
        else:
            origin = spec.get("url") or spec.get("path") or spec.get("file") or spec["kind"]
        digest = spec.get("member_sha256") or spec.get("sha256")
        rows.append((name, origin, digest, spec.get("licence"), spec.get("citation")))
    return pd.DataFrame(rows, columns=["source", "origin", "sha256", "licence", "citation"])


def rejects(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Count refused entries by source, stage and reason: source, stage, reason, entries."""
    columns = ["source", "stage", "reason"]
    refused = [tables.read(path, columns=columns) for path in paths]
    if not refused:
        return pd.DataFrame(columns=[*columns, "entries"])
    return pd.concat(refused).groupby(columns).size().rename("entries").reset_index()


def run_times(folder: str | Path, patterns: Mapping[str, str]) -> pd.DataFrame:
    """Sum the run times that Snakemake recorded.

    Parameters
    ----------
    folder
        Of benchmark files.
    patterns
        Path of a rule's benchmark files below the folder, with wildcards in braces, by rule.

    Returns
    -------
    pandas.DataFrame
        Rule, jobs, minutes by the clock (all jobs one after another), minutes of processor time,
        largest memory of a job (GB); the longest rule first.
    """
    rows = []
    files = {
        path.relative_to(folder).as_posix(): path for path in sorted(Path(folder).rglob("*.tsv"))
    }
    for rule, pattern in patterns.items():
        parts = re.split(r"\{[^}]*\}", pattern)
        matches = re.compile(".+".join(map(re.escape, parts))).fullmatch
        jobs = [
            pd.read_csv(path, sep="\t", usecols=["s", "max_rss", "cpu_time"])
            for name, path in files.items()
            if matches(name)
        ]
        if jobs:
            found = pd.concat(jobs)
            minutes = found[["s", "cpu_time"]].sum() / 60
            rows.append((rule, len(jobs), *minutes, found["max_rss"].max() / 1024))
    columns = ["rule", "jobs", "minutes", "processor_minutes", "memory"]
    return pd.DataFrame(rows, columns=columns).sort_values("minutes", ascending=False)


def versions() -> dict[str, str]:
    """Return the installed version of every package among :data:`PACKAGES` that is here."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
