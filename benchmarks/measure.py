"""Measure the package against the literal form of the method, on the crystals of a study.

Both sides run in one process, in turn and on one thread. Nothing here is asserted: the machine and
what else it does are part of the outcome.
"""

import argparse
import logging
import platform
import sys
import warnings
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from pymatgen.core.structure import Structure
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks import figure, sides
from benchmarks.timing import Run, compare, matmul_rate, peak_memory, seconds
from unlabelled import seeds, tables
from unlabelled.infomax.initial import initialise
from unlabelled.infomax.options import PRESETS
from unlabelled.label_masking.fine_tuning import FineTuningOptions
from unlabelled.plots import style
from unlabelled.point_set.point_set import NotRepresentableError, PointSet, of_cell, point_set
from unlabelled.point_set.quotient import quotient
from unlabelled.structures.crystal import Cell
from unlabelled.structures.table import cells
from unlabelled.tables import field

Rows = list[dict[str, Any]]

_SIDE = field("side", pa.string(), "literal, or fast: the package")
_VARIANT = field("variant", pa.string(), "preset of the objective; empty if it plays no role")
SCHEMAS = {
    "timings": pa.schema(
        [
            field("measurement", pa.string(), "what is done"),
            _VARIANT,
            _SIDE,
            field("repeat", pa.int64(), "number of the pair of runs"),
            field("crystals", pa.int64(), "crystals treated in one run"),
            field("seconds", pa.float64(), "wall time of the run", "s"),
            field("peak_memory", pa.int64(), "largest memory beyond that before the run", "B"),
        ]
    ),
    "memory": pa.schema(
        [
            _VARIANT,
            _SIDE,
            field("pairs", pa.int64(), "site pairs of the crystals, none merged, no padding"),
            field("peak_memory", pa.int64(), "of forward and backward of the local stage", "B"),
        ]
    ),
    "growth": pa.schema(
        [
            field("measurement", pa.string(), "what is done, by the package"),
            field("number", pa.int64(), "sites per crystal, or crystals"),
            field("pairs", pa.int64(), "pairs in the batches"),
            field("seconds", pa.float64(), "wall time, the least of some runs", "s"),
        ]
    ),
    "equality": pa.schema(
        [
            field("quantity", pa.string(), "embedding, or gradient of any parameter"),
            field("precision", pa.string(), "in which the package computes; the literal: float64"),
            field("crystals", pa.int64(), "crystals compared"),
            field("difference", pa.float64(), "largest, relative to the largest literal value"),
        ]
    ),
    "compute": pa.schema(
        [
            field(
                "side",
                pa.string(),
                "literal; fast; effective: the literal operations in the time of fast; matmul: one "
                "large matrix product",
            ),
            field("operations", pa.float64(), "floating-point operations of matrix products"),
            field("seconds", pa.float64(), "of the encoder, forward and backward", "s"),
            field("rate", pa.float64(), "operations per second", "1/s"),
            field("fraction", pa.float64(), "of the rate of the large product"),
        ]
    ),
}


def study_crystals(results: Path, n: int) -> tuple[list[Cell], list[PointSet]]:
    """Crystals of a study and their point sets: `n` of those that have one, at random."""
    files = [p for p in sorted(results.glob("structures/*.parquet")) if "." not in p.stem]
    if not files:
        sys.exit(f"{results} holds no crystals: run `make run` first, or give another --results")
    crystals = [cell for path in files for _, cell in cells(path)]
    chosen, point_sets = [], []
    for index in seeds.generator(0, "benchmarks").permutation(len(crystals)):
        try:
            point_sets.append(of_cell(crystals[index], sides.MAX_SITES, sides.MAX_ATOMS))
        except NotRepresentableError:
            continue
        chosen.append(crystals[index])
        if len(chosen) == n:
            break
    return chosen, point_sets


def featurisation(crystals: list[Cell], repeats: int) -> Rows:
    """Crystals as read -> distances and site inputs."""
    structures = [sides.structure_of(cell) for cell in crystals]
    return compare(
        partial(sides.featurise_literally, structures),
        partial(sides.featurise, crystals),
        repeats,
        measurement="featurisation",
        variant="",
        crystals=len(crystals),
    )


def pretraining(point_sets: list[PointSet], repeats: int) -> Rows:
    """Collating, one step, and an epoch, of both presets."""
    rows = []
    n = len(sides.batches_of_sites(point_sets)[0])
    for variant, options in PRESETS.items():
        runs: dict[str, list[Run]] = {"collate": [], "step": [], "epoch": []}
        for form in (sides.LITERAL, sides.fast(options)):
            trainer = sides.Trainer(form, options)
            crystals = [form.prepare(p) for p in point_sets]
            batch = form.batch(crystals[:n])
            runs["collate"].append(partial(form.batch, crystals[:n]))
            runs["step"].append(partial(trainer.step, batch))
            runs["epoch"].append(partial(trainer.epoch, crystals))
        for measurement, (literal, fast) in runs.items():
            shown = len(point_sets) if measurement == "epoch" else n
            about = {"measurement": measurement, "variant": variant, "crystals": shown}
            rows += compare(literal, fast, repeats, **about)
    return rows


def embedding(point_sets: list[PointSet], repeats: int) -> Rows:
    """Embedding with a frozen encoder."""
    encoder = initialise(PRESETS["corrected"], seed=0).encoder
    classes = [quotient(p) for p in point_sets]
    return compare(
        partial(sides.embed_literally, encoder, point_sets),
        partial(sides.embed, encoder, classes),
        repeats,
        measurement="embedding",
        variant="",
        crystals=len(point_sets),
    )


def fine_tuning(point_sets: list[PointSet], repeats: int, draws: int = 12, epochs: int = 4) -> Rows:
    """Fine-tuning one encoder on some draws of 50 crystals, for few epochs."""
    encoder = initialise(PRESETS["corrected"], seed=0).encoder
    classes = [quotient(p) for p in point_sets]
    generator = seeds.generator(0, "benchmarks", "draws")
    n = min(50, len(point_sets))
    arm = sides.Arm(
        np.stack([generator.permutation(len(point_sets))[:n] for _ in range(draws)]),
        generator.normal(size=len(point_sets)),
        FineTuningOptions(1e-3, 0, epochs, epochs, 32, "mae", accelerator="cpu"),
    )
    return compare(
        partial(sides.fine_tune_arm_literally, encoder, point_sets, arm),
        partial(sides.fine_tune_arm, encoder, classes, arm),
        repeats,
        measurement="fine-tuning",
        variant="",
        crystals=draws * epochs * n,
    )


def memory(point_sets: list[PointSet], repeats: int) -> Rows:
    """Peak of the local stage at two sizes of batch; the slope is the memory of a pair.

    The least of some runs, since the allocator may keep more than is needed.
    """
    rows = []
    n = len(sides.batches_of_sites(point_sets)[0])
    for variant, options in PRESETS.items():
        for side, form in (("literal", sides.LITERAL), ("fast", sides.fast(options))):
            trainer = sides.Trainer(form, options)
            for some in (point_sets[: n // 4], point_sets[:n]):
                batch = form.batch([form.prepare(p) for p in some])
                run = partial(trainer.local_gradients, batch)
                run()
                rows.append(
                    {
                        "variant": variant,
                        "side": side,
                        "pairs": sum(p.n_sites * p.n_supercell for p in some),
                        "peak_memory": min(peak_memory(run) for _ in range(repeats)),
                    }
                )
    return rows


def growth_with_cell(crystals: list[Cell], repeats: int) -> Rows:
    """Step on as many sites in ever larger crystals.

    The crystals are supercells of a real one, its species shuffled over the sites, so that no two
    sites are equivalent and nothing can be merged.
    """
    primitive = (sides.structure_of(cell).get_primitive_structure() for cell in crystals)
    cell = min(primitive, key=lambda structure: abs(len(structure) - 5))
    options = PRESETS["corrected"]
    form = sides.fast(options)
    trainer = sides.Trainer(form, options)
    rows = []
    for repeat in [(1, 1, 1), (2, 1, 1), (2, 2, 1), (5, 2, 1), (5, 2, 2), (5, 4, 2)]:
        large = cell.make_supercell(repeat, in_place=False)
        generator = seeds.generator(0, "benchmarks", *repeat)
        shuffled = (
            Structure(
                large.lattice,
                [large.species[i] for i in generator.permutation(len(large))],
                large.frac_coords,
            )
            for _ in range(sides.SITES_PER_BATCH // len(large))
        )
        prepared = [
            form.prepare(point_set(s, max_sites=len(large), max_atoms=sides.MAX_ATOMS))
            for s in shuffled
        ]
        step = partial(trainer.step, form.batch(prepared))
        step()
        rows.append(
            {
                "measurement": "step",
                "number": len(large),
                "pairs": sum(p.n_pairs for p in prepared),
                "seconds": min(seconds(step) for _ in range(repeats)),
            }
        )
    return rows


def growth_with_dataset(point_sets: list[PointSet], largest: int) -> Rows:
    """Embedding of 1,000 to `largest` crystals, the study's repeated; the better of two runs."""
    encoder = initialise(PRESETS["corrected"], seed=0).encoder
    classes = [quotient(p) for p in point_sets]
    sizes = np.geomspace(1000, largest, 5).round().astype(int)
    datasets = [list(islice(cycle(classes), n)) for n in sizes]
    runs = [[seconds(partial(sides.embed, encoder, d)) for d in datasets] for _ in range(2)]
    return [
        {
            "measurement": "embedding",
            "number": n,
            "pairs": sum(c.n_pairs for c in dataset),
            "seconds": min(times),
        }
        for n, dataset, times in zip(sizes, datasets, zip(*runs, strict=True), strict=True)
    ]


def compute(point_sets: list[PointSet], repeats: int) -> Rows:
    """Rate of the encoder's matrix products, forward and backward, against that of a large one."""
    options = PRESETS["corrected"]
    encoder = initialise(options, seed=0).encoder
    some = point_sets[: len(sides.batches_of_sites(point_sets)[0])]
    forms = {"literal": sides.LITERAL, "fast": sides.fast(options)}
    batches = {side: form.batch([form.prepare(p) for p in some]) for side, form in forms.items()}
    runs = {
        "literal": partial(sides.encoder_gradients_literally, encoder, batches["literal"]),
        "fast": partial(sides.encoder_gradients, encoder, batches["fast"]),
    }
    time = pd.DataFrame(compare(**runs, repeats=repeats)).groupby("side")["seconds"].median()
    operations = {side: sides.operations(run) for side, run in runs.items()}
    largest = matmul_rate()
    counted = {
        "literal": (operations["literal"], time["literal"]),
        "fast": (operations["fast"], time["fast"]),
        "effective": (operations["literal"], time["fast"]),
    }
    return [{"side": "matmul", "rate": largest, "fraction": 1.0}] + [
        {
            "side": side,
            "operations": n,
            "seconds": duration,
            "rate": n / duration,
            "fraction": n / duration / largest,
        }
        for side, (n, duration) in counted.items()
    ]


def equality(point_sets: list[PointSet]) -> Rows:
    """Largest relative differences between the encoder of the package and the literal one.

    Of embeddings, and of the gradients of every parameter. A gradient is relative to its own
    largest entry; the biases that a softmax cannot see have none, and are left out.
    """
    rows = []
    for kind in (torch.float64, torch.float32):
        encoder = initialise(PRESETS["corrected"], seed=0).encoder.to(kind)
        largest = {"embedding": 0.0, "gradient": 0.0}
        for indices in sides.batches_of_sites(point_sets):
            some = [point_sets[i] for i in indices]
            exact = sides.embedding_and_gradients(encoder.double(), some, literally=True)
            found = sides.embedding_and_gradients(encoder.to(kind), some, literally=False)
            for name, true in exact.items():
                difference = (found[name] - true).abs().max() / true.abs().max()
                quantity = "embedding" if name == "embedding" else "gradient"
                largest[quantity] = max(largest[quantity], float(difference))
        rows += [
            {
                "quantity": quantity,
                "precision": str(kind).removeprefix("torch."),
                "crystals": len(point_sets),
                "difference": difference,
            }
            for quantity, difference in largest.items()
        ]
    return rows


def main() -> None:
    """Measure, write the tables and the figure, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results/demo"), help="of a study")
    parser.add_argument("--output", type=Path, default=Path("results/bench"))
    parser.add_argument("--repeats", type=int, default=5, help="timed runs of each side")
    parser.add_argument("--crystals", type=int, default=300, help="taken from the study")
    parser.add_argument("--largest", type=int, default=100_000, help="data set of the growth")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # pymatgen's and Lightning's advice on their own use
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    repeats = arguments.repeats
    with threadpool_limits(1):
        crystals, point_sets = study_crystals(arguments.results, arguments.crystals)
        found = {
            "timings": [
                *featurisation(crystals[:100], repeats),
                *pretraining(point_sets, repeats),
                *embedding(point_sets, repeats),
                *fine_tuning(point_sets, repeats),
            ],
            "memory": memory(point_sets, repeats),
            "growth": [
                *growth_with_cell(crystals, repeats),
                *growth_with_dataset(point_sets, arguments.largest),
            ],
            "equality": equality(point_sets),
            "compute": compute(point_sets, repeats),
        }
    machine = {"processor": _processor(), "torch": torch.__version__, "threads": 1}
    for name, rows in found.items():
        table = pd.DataFrame(rows, columns=SCHEMAS[name].names)
        tables.write(table, arguments.output / f"{name}.parquet", SCHEMAS[name], machine)
    report(arguments.output)


def report(folder: Path) -> None:
    """Print the tables of a folder and draw their figure beside them."""
    timings, memory, growth, equal, compute = (
        tables.read(folder / f"{name}.parquet") for name in SCHEMAS
    )
    compared = figure.ratios(timings)
    share = _share_of_loader(timings)
    for title, table in (
        ("Literal / package", compared),
        ("Share of the loader in a step of the package", share),
        ("Memory of the local stage per pair (B)", figure.memory_of_a_pair(memory)),
        ("Growth", growth.assign(ns_per_pair=1e9 * growth["seconds"] / growth["pairs"])),
        ("Largest relative difference between package and literal form", equal),
        ("Matrix products of the encoder", compute),
    ):
        print(f"\n{title}\n{table.to_string(index=False, float_format='{:.3g}'.format)}")
    paths = [folder / f"bench.{suffix}" for suffix in ("pdf", "svg", "png")]
    style.save(figure.bench(compared, figure.memory_of_a_pair(memory), growth), paths)


def _share_of_loader(timings: pd.DataFrame) -> pd.DataFrame:
    fast = timings[(timings["side"] == "fast") & timings["measurement"].isin(["collate", "step"])]
    median = fast.pivot_table("seconds", "variant", "measurement", aggfunc="median")
    share = median["collate"] / (median["collate"] + median["step"])
    return share.rename("share").reset_index()


def _processor() -> str:
    names = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()
