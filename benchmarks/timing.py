"""Measure time and memory of two ways to do the same, in one process and on one thread."""

import ctypes
import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

Run = Callable[[], object]


def seconds(run: Run) -> float:
    """Wall time of one run, s."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def compare(literal: Run, fast: Run, repeats: int, **about: Any) -> list[dict[str, Any]]:
    """Time two sides in turn, A B A B, so that what else the machine does meets both.

    Parameters
    ----------
    literal, fast
        The two sides. Each runs once before the clock starts, and once after it for its memory.
    repeats
        Timed runs of each side.
    **about
        Put into every row.

    Returns
    -------
    list of dict
        One row per run: `about`, side, repeat, seconds and peak_memory (bytes, see
        :func:`peak_memory`).
    """
    sides = {"literal": literal, "fast": fast}
    for run in sides.values():
        run()
    timed = [
        (repeat, side, seconds(run)) for repeat in range(repeats) for side, run in sides.items()
    ]
    peak = {side: peak_memory(run) for side, run in sides.items()}
    return [
        {**about, "side": side, "repeat": repeat, "seconds": time, "peak_memory": peak[side]}
        for repeat, side, time in timed
    ]


def peak_memory(run: Run) -> int:
    """Largest resident memory during a run beyond that before it, bytes (Linux).

    The kernel's high-water mark, reset just before the run; so it counts whatever allocates, not
    only tensors. Memory that the allocator keeps for reuse is given back first.
    """
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    run()
    return _status("VmHWM") - before


def matmul_rate(size: int = 2048, repeats: int = 10) -> float:
    """Floating-point operations per second of a large float32 matrix product: the best of some."""
    a, b = torch.randn(2, size, size)
    times = [seconds(lambda: a @ b) for _ in range(repeats)]
    return 2 * size**3 / float(np.min(times))


def _status(key: str) -> int:
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields[key].split()[0]) * 1024
