"""``unlabelled doctor``: what is installed and reachable."""

import click

from unlabelled.commands.common import as_json, show
from unlabelled.sources.specification import SourceSpec

_LIBRARIES = (
    "numpy",
    "scikit-learn",
    "pymatgen",
    "torch",
    "lightning",
    "numba",
    "snakemake",
    "ase",
)


@click.command(short_help="What is installed, which device, which sources can be had.")
@click.option("--sources", "of_sources", is_flag=True, help="Ask for every source; takes a while.")
@as_json
def doctor(of_sources: bool, machine: bool) -> None:
    """Say what this installation can do: versions, devices, cache, sources.

    What the column `state` calls absent is needed by some commands only, which say so.
    """
    import pandas as pd

    rows = [*_versions(), *_machine()]
    if of_sources:
        rows += _sources()
    show(pd.DataFrame(rows, columns=["what", "state", "detail"]), machine=machine)


def _versions() -> list[tuple[str, str, str]]:
    import platform
    from importlib import metadata

    rows = [("python", "found", platform.python_version())]
    for name in ("unlabelled", *_LIBRARIES):
        try:
            rows.append((name, "found", metadata.version(name)))
        except metadata.PackageNotFoundError:
            rows.append((name, "absent", ""))
    return rows


def _machine() -> list[tuple[str, str, str]]:
    import os

    import platformdirs

    cache = platformdirs.user_cache_path("unlabelled")
    size = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file())
    rows = [
        ("cores", "found", str(len(os.sched_getaffinity(0)))),
        ("cache", "found" if cache.exists() else "absent", f"{cache}, {size / 1e6:.0f} MB"),
    ]
    try:
        from unlabelled.device import device
    except ModuleNotFoundError:
        return [*rows, ("device", "absent", "needs torch")]
    return [*rows, ("device", "found", str(device("auto")))]


def _sources() -> list[tuple[str, str, str]]:
    from concurrent.futures import ThreadPoolExecutor

    from unlabelled import default_study

    _, sources = default_study.read()
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda item: _reach(*item), sources.items()))


def _reach(name: str, spec: SourceSpec) -> tuple[str, str, str]:
    import subprocess
    import sys

    import requests

    if spec["kind"] == "package":
        pinned = f"{spec['package']}=={spec['version']}"
        command = [sys.executable, "-m", "pip", "index", "versions", spec["package"]]
        done = subprocess.run(command, capture_output=True, text=True)
        there = spec["version"] in done.stdout
        return name, "reachable" if there else "out of reach", pinned
    if spec["kind"] == "url":
        if "url" not in spec:
            return name, "by hand", f"{spec['file']}, from a folder under `mirrors`"
        try:
            there = requests.head(spec["url"], allow_redirects=True, timeout=20).ok
        except requests.RequestException:
            there = False
        return name, "reachable" if there else "out of reach", spec["url"]
    return name, "asks for a key", spec["kind"]
