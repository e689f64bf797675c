"""Measure the measures of isotropy against the loops of the released code.

Both sides in one process, in turn, on Gaussian points of unequal variances; what is measured takes
the same time whatever the numbers are.
"""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks.timing import compare, seconds
from unlabelled import seeds, tables
from unlabelled.isotropy import MEASURES, i_vec, isotropy, published
from unlabelled.tables import field

Points = npt.NDArray[np.float64]

TIMINGS = pa.schema(
    [
        field("measurement", pa.string(), "what is computed"),
        field("side", pa.string(), "literal: loops in Python; fast: the package"),
        field("repeat", pa.int64(), "number of the pair of runs"),
        field("seconds", pa.float64(), "wall time of the run", "s"),
        field("peak_memory", pa.int64(), "largest memory beyond that before the run", "B"),
    ]
)
GROWTH = pa.schema(
    [
        field("measure", pa.string(), "name of the measure, corrected"),
        field("n", pa.int64(), "points"),
        field("d", pa.int64(), "dimensions"),
        field("seconds", pa.float64(), "wall time, the least of some runs", "s"),
    ]
)


def points(n: int, d: int) -> Points:
    """Gaussian points (n, d), standard deviations j^(-1/2)."""
    drawn = seeds.generator(0, "benchmarks", n, d).standard_normal((n, d))
    return np.asarray(drawn / np.sqrt(np.arange(1, d + 1)))


def literal_i_vec(X: Points) -> float:
    """I_vec as released: the axes by SVD, the partition function in two loops."""
    scaled = X - X.mean(axis=0)
    scaled /= np.linalg.norm(scaled, axis=1).mean()
    return literal_partition(scaled, np.linalg.svd(scaled.T @ scaled)[0])


def literal_partition(scaled: Points, axes: Points) -> float:
    """Smallest over largest partition function, in two loops."""
    values = []
    for j in range(axes.shape[1]):
        value = 0.0
        for x in scaled:
            value += np.exp(axes[:, j] @ x)
        values.append(value)
    return float(min(values) / max(values))


def against_loops(n: int, d: int, repeats: int) -> list[dict[str, Any]]:
    """Time I_vec as published and as corrected, both signs and without overflow."""
    X = points(n, d)
    difference = abs(literal_i_vec(X) - published.i_vec(X))
    print(f"published I_vec, loops and package: difference {difference:.1e}")
    axes = np.linalg.svd(X.T @ X)[0]
    rows = compare(
        partial(literal_partition, X, axes),
        partial(published.partition, X, axes),
        repeats,
        measurement=f"partition function alone, {n} x {d}",
    )
    for name, fast in (("published", published.i_vec), ("corrected", i_vec)):
        measurement = f"I_vec of {n} x {d}, {name}"
        rows += compare(
            partial(literal_i_vec, X), partial(fast, X), repeats, measurement=measurement
        )
    return rows


def growth(d: int, sizes: list[int], repeats: int) -> list[dict[str, Any]]:
    """Time every measure of more and more points."""
    return [
        {
            "measure": name,
            "n": n,
            "d": d,
            "seconds": min(seconds(partial(isotropy, X, None, name)) for _ in range(repeats)),
        }
        for n in sizes
        for X in [points(n, d)]
        for name in MEASURES
    ]


def main() -> None:
    """Measure, write the tables and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("results/bench"))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1, help="of linear algebra, on both sides")
    arguments = parser.parse_args()
    with threadpool_limits(arguments.threads):
        timings = pd.DataFrame(against_loops(2000, 476, arguments.repeats))
        grown = pd.DataFrame(growth(100, [2000, 4000, 8000, 16000, 32000], arguments.repeats))
    tables.write(timings, arguments.output / "isotropy_timings.parquet", TIMINGS, {})
    tables.write(grown, arguments.output / "isotropy_growth.parquet", GROWTH, {})
    pairs = timings.pivot_table("seconds", ["measurement", "repeat"], "side")
    ratios = (pairs["literal"] / pairs["fast"]).groupby("measurement").agg(["median", "min", "max"])
    print(f"\nLoops / package\n{ratios.to_string(float_format='{:.3g}'.format)}")
    per_point = grown.assign(us_per_point=1e6 * grown["seconds"] / grown["n"])
    shown = per_point.pivot_table("us_per_point", "measure", "n")
    print(f"\nµs per point\n{shown.to_string(float_format='{:.3g}'.format)}")


if __name__ == "__main__":
    main()
