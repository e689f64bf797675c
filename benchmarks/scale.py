"""Measure how crystals in large numbers go through the workflow's stages, on one machine.

The crystals of a source are read again and again under new names, to the number asked for. Every
stage runs in a process of its own, so that its memory is its own; what it costs per crystal, and
whether memory stays flat, is all that is measured. Duplicates are not looked for, since all are.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import torch

from unlabelled import configuration, tables
from unlabelled.infomax import embedding, training
from unlabelled.infomax.initial import initialise
from unlabelled.infomax.options import PRESETS
from unlabelled.label_masking import describe as descriptions
from unlabelled.label_masking.descriptors import DESCRIPTORS
from unlabelled.point_set import build as point_sets
from unlabelled.point_set.shards import Shards
from unlabelled.point_set.supercell import Supercell
from unlabelled.sources import registry
from unlabelled.sources.entry import Entry
from unlabelled.structures import build as structures
from unlabelled.tables import field

ROOT = Path(__file__).resolve().parents[1]
DEFAULTS = configuration.read(ROOT / "config/config.yaml")
SCALE = pa.schema(
    [
        field("stage", pa.string(), "rule whose work is done"),
        field("crystals", pa.int64(), "crystals treated"),
        field("processes", pa.int64(), "worker processes, or threads"),
        field("seconds", pa.float64(), "wall time, start of Python left out", "s"),
        field("memory", pa.int64(), "largest resident memory of the stage's own process", "B"),
        field("worker_memory", pa.int64(), "that of its largest worker; 0 without workers", "B"),
        field("written", pa.int64(), "bytes on disk", "B"),
    ]
)
PLANNED = (10**6, 10**8)


def again_and_again(source: str, raw: Path, n: int) -> Iterator[Entry]:
    """Yield `n` entries: those of a source, from the first again after the last, renamed."""
    spec = configuration.read(ROOT / "resources/sources.yaml")[source]
    given = 0
    while True:
        for entry in registry.entries(source, spec, raw):
            if given == n:
                return
            yield replace(entry, name=f"{entry.name}-{given}")
            given += 1


def parse(folder: Path, source: str, raw: Path, n: int, processes: int) -> Path:
    """Entries -> crystal table."""
    table = folder / "structures.parquet"
    structures.build(
        lambda: again_and_again(source, raw, n),
        source,
        {},
        table,
        folder / "rejected.parquet",
        required_label=None,
        duplicates=False,
        processes=processes,
        limit=None,
        seed=0,
        provenance={},
        **DEFAULTS["structures"],
    )
    return table


def represent(folder: Path, processes: int) -> Path:
    """Crystal table -> point sets and their quotients."""
    limits = DEFAULTS["point_sets"]
    point_sets.build(
        folder / "structures.parquet",
        folder / "point_sets",
        folder / "refused.parquet",
        source="",
        seconds_per_crystal=DEFAULTS["structures"]["seconds_per_entry"],
        memory_mb_per_crystal=DEFAULTS["structures"]["memory_mb_per_entry"],
        processes=processes,
        provenance={},
        **limits | {"supercell": Supercell(limits["supercell"])},
    )
    return folder / "point_sets"


def describe(folder: Path, processes: int) -> Path:
    """Crystal table -> statistics of surroundings."""
    limits = DEFAULTS["structures"]
    table = descriptions.describe(
        folder / "structures.parquet",
        "environment_statistics",
        processes=processes,
        seconds_per_crystal=limits["seconds_per_entry"],
        memory_mb_per_crystal=limits["memory_mb_per_entry"],
    )
    schema = descriptions.schema(DESCRIPTORS["environment_statistics"].length)
    tables.write(table, folder / "statistics.parquet", schema, {})
    return folder / "statistics.parquet"


def pretrain(folder: Path, processes: int) -> Path:
    """Point sets -> encoder, in one epoch; what is written are its checkpoints."""
    torch.set_num_threads(processes)
    shards = Shards([folder / "point_sets"], quotient=True)
    crystals = training.Crystals(shards, np.full((len(shards), 1), np.nan))
    options = training.TrainingOptions(
        learning_rate=DEFAULTS["pretraining"]["learning_rate"],
        max_epochs=1,
        patience=1,
        sites_per_batch=DEFAULTS["pretraining"]["sites_per_batch"],
        accelerator="cpu",
    )
    training.pretrain(crystals, PRESETS["corrected"], options, 0, folder / "checkpoints")
    return folder / "checkpoints"


def embed(folder: Path, processes: int) -> Path:
    """Point sets -> embeddings, by an encoder as it is initialised."""
    torch.set_num_threads(processes)
    crystals = Shards([folder / "point_sets"], quotient=True)
    encoder = initialise(PRESETS["corrected"], seed=0).encoder
    vectors = embedding.embed(encoder, crystals, "cpu")
    table = folder / "embeddings.parquet"
    tables.write(embedding.to_table(crystals.ids, vectors), table, embedding.SCHEMA, {})
    return table


STAGES: dict[str, Callable[..., Path]] = {
    "structures": parse,
    "point_sets": represent,
    "describe": describe,
    "pretrain": pretrain,
    "embed": embed,
}


def measured(stage: Callable[..., Path], *arguments: Any) -> dict[str, Any]:
    """Run a stage in this process, and say what it took."""
    started = time.perf_counter()
    written = stage(*arguments)
    took = time.perf_counter() - started
    files = written.iterdir() if written.is_dir() else [written]
    own, workers = (
        resource.getrusage(who).ru_maxrss * 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    size = sum(path.stat().st_size for path in files)
    return {"seconds": took, "memory": own, "worker_memory": workers, "written": size}


def stage_of(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Run one stage by its name."""
    folder, processes = arguments.folder, arguments.processes
    if name == "structures":
        n = arguments.crystals[0]
        return measured(parse, folder, arguments.source, arguments.raw, n, processes)
    return measured(STAGES[name], folder, processes)


def all_stages(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Run all stages at all sizes, each in a process of its own."""
    for n in arguments.crystals:
        with tempfile.TemporaryDirectory(dir=arguments.output) as folder:
            for stage in STAGES:
                command = [sys.executable, "-m", "benchmarks.scale", "--stage", stage]
                command += ["--folder", folder, "--crystals", str(n), "--source", arguments.source]
                command += ["--raw", str(arguments.raw), "--processes", str(arguments.processes)]
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
                row = {"stage": stage, "crystals": n, "processes": arguments.processes}
                yield row | json.loads(done.stdout.splitlines()[-1])


def _last_step(sizes: pd.Series) -> Any:
    return sizes.diff().fillna(sizes).iloc[-1]


def plan(found: pd.DataFrame) -> pd.DataFrame:
    """Time, disk and memory of large collections, by what more crystals added in the last step."""
    by_stage = found.sort_values("crystals").groupby("stage", sort=False)
    costs = ["crystals", "seconds", "written", "memory"]
    added = by_stage[costs].agg(_last_step)
    unit = added.div(added["crystals"], axis=0)
    core_seconds = unit["seconds"] * by_stage["processes"].last()
    columns = {"core_ms_per_crystal": 1e3 * core_seconds, "kB_per_crystal": unit["written"] / 1e3}
    for n in PLANNED:
        columns[f"core_hours_{n:.0e}"] = core_seconds * n / 3600
        columns[f"GB_{n:.0e}"] = unit["written"] * n / 1e9
        columns[f"memory_GB_{n:.0e}"] = unit["memory"] * n / 1e9
    return pd.DataFrame(columns)


def main() -> None:
    """Measure, write the table, and print it with what follows for more crystals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("results/bench"))
    parser.add_argument("--source", default="flla")
    parser.add_argument("--raw", type=Path, default=Path("resources/raw/flla/flla_2015.csv"))
    parser.add_argument("--crystals", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--stage", help="run this stage alone, in --folder")
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.stage:
        print(json.dumps(stage_of(arguments.stage, arguments)))
        return
    if not arguments.raw.exists():
        raise SystemExit(f"{arguments.raw} is not there; run `make run` first")
    arguments.output.mkdir(parents=True, exist_ok=True)
    rows = []
    for row in all_stages(arguments):
        rows.append(row)
        print(f"{row['stage']}, {row['crystals']} crystals: {row['seconds']:.1f} s", flush=True)
        found = pd.DataFrame(rows)
        tables.write(found, arguments.output / "scale.parquet", SCALE, {})
    print(found.to_string(index=False, float_format="{:.1f}".format))
    print(plan(found).to_string(float_format="{:.3g}".format))


if __name__ == "__main__":
    main()
