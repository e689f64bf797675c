"""Where data come from, what was refused, which versions ran, and how long it took."""

import re
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from unlabelled import tables
from unlabelled.report.summary import Table, of_frame

#: Packages whose version can change a number.
PACKAGES = (
    *("unlabelled", "snakemake", "numpy", "scipy", "pandas", "pyarrow", "scikit-learn"),
    *("torch", "lightning", "numba", "pymatgen", "spglib", "matplotlib", "plotly", "duckdb"),
)


def of_study(
    specs: Mapping[str, Any],
    rejected: Iterable[str | Path],
    seed: int,
    results: Path,
    benchmarks: Mapping[str, str],
) -> list[Table]:
    """Return all tables about where results come from.

    Parameters
    ----------
    specs
        Specification of the sources that the study uses, by name.
    rejected
        Tables of what was refused.
    seed
        The seed of the configuration.
    results
        Folder of the study.
    benchmarks
        Path of the files in which Snakemake records run times, from the folder above all results
        on, with wildcards in braces, by rule.
    """
    folder = results / "benchmarks"
    patterns = {rule: pattern.split("/benchmarks/", 1)[-1] for rule, pattern in benchmarks.items()}
    about = pd.DataFrame([("seed", str(seed)), *versions().items()], columns=["what", "version"])
    return [
        of_frame(
            "Raw data",
            sources(specs),
            {
                "source": "Source",
                "origin": "Origin",
                "sha256": "SHA-256",
                "licence": "Licence",
                "citation": "Cite",
            },
        ),
        of_frame(
            "Refused entries",
            rejects(rejected),
            {"source": "Source", "stage": "Stage", "reason": "Reason", "entries": "Entries"},
        ),
        of_frame("Seed and versions", about, {"what": "", "version": "Version"}),
        of_frame(
            "Run times of rules that record them, one job after another",
            run_times(folder, patterns),
            {
                "rule": "Rule",
                "jobs": "Jobs",
                "minutes": "Time (min)",
                "processor_minutes": "Processor (min)",
                "memory": "Memory of a job, at most (GB)",
            },
        ),
    ]


def sources(specs: Mapping[str, Any]) -> pd.DataFrame:
    """Return where raw data come from.

    Parameters
    ----------
    specs
        Specification of sources, by name.

    Returns
    -------
    pandas.DataFrame
        Source, origin, sha256 (of the file, None for one's own), licence, citation.
    """
    rows = []
    for name, spec in specs.items():
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
