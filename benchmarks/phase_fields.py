"""Measure ensembles over sets of elements: members as one network against one after another.

Both sides in one process, in turn and on one thread, on random fields of the sizes of the
superconductors of the study; what is measured takes the same time whatever the elements are.
"""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from benchmarks.isotropy import TIMINGS
from benchmarks.timing import compare, seconds
from unlabelled import seeds, tables
from unlabelled.phase_field.candidates import combinations
from unlabelled.phase_field.ensemble import Ensemble
from unlabelled.phase_field.fields import ELEMENTS, PADDING, Ids
from unlabelled.phase_field.networks import Corrected, CorrectedOptions, Published
from unlabelled.phase_field.training import (
    PUBLISHED,
    Options,
    class_weights,
    corrected_loss,
    published_classifier_loss,
    train,
)

SIZES = (75, 1001, 1716, 761, 679, 450, 130, 14)  # fields of 1, 2, ... elements

Floats = npt.NDArray[np.float32]


def fields(share: float) -> tuple[Ids, Floats]:
    """Return random fields in random order, (n, 8), and targets of both heads, (n, 2)."""
    random = seeds.generator(0, "benchmarks", "fields")
    rows = [
        random.choice(len(ELEMENTS), size, replace=False)
        for size, number in enumerate(SIZES, 1)
        for _ in range(round(share * number))
    ]
    ids = np.full((len(rows), len(SIZES)), PADDING, np.int8)
    for row, elements in zip(ids, rows, strict=True):
        row[: len(elements)] = elements
    ids = random.permutation(ids)
    above = random.random(len(ids)) < 0.3
    return ids, np.stack([above, random.standard_normal(len(ids))], axis=1).astype(np.float32)


def corrected_losses(ids: Ids, targets: Floats, vectors: Floats, members: list[int]) -> Any:
    """Train an epoch of the corrected network, (M, 1) losses."""
    network = Corrected(vectors, CorrectedOptions(), members)
    options = Options(epochs=1, batch=128, learning_rate=3e-3, weight_decay=0.05)
    return train(network, ids, targets, corrected_loss, options, members, "cpu").losses


def published_losses(ids: Ids, targets: Floats, vectors: Floats, members: list[int]) -> Any:
    """Train an epoch of the study's classifier, (M, 1) losses."""
    above = targets[:, 0]
    network = Published(
        np.repeat(vectors[None], len(members), axis=0), ids.shape[1], "classifier", members
    )
    loss = published_classifier_loss(class_weights(above > 0))
    batch = PUBLISHED["classifier"].batch
    return train(network, ids, above, loss, Options(1, batch), members, "cpu").losses


def together(members: int, share: float, repeats: int) -> list[dict[str, Any]]:
    """Time an epoch of all members, one after another (literal) and as one network (fast)."""
    ids, targets = fields(share)
    random = seeds.generator(0, "benchmarks", "vectors")
    rows = []
    for name, losses, width in (
        ("corrected", corrected_losses, 22),
        ("published", published_losses, 120),
    ):
        vectors = random.standard_normal((len(ELEMENTS), width)).astype(np.float32)
        numbers = list(range(members))

        def one_by_one(
            losses: Any = losses, vectors: Floats = vectors, numbers: list[int] = numbers
        ) -> Any:
            return np.concatenate([losses(ids, targets, vectors, [m]) for m in numbers])

        as_one = partial(losses, ids, targets, vectors, numbers)
        difference = abs(one_by_one() / as_one() - 1).max()
        print(f"{name}: largest relative difference of losses {difference:.1e}")
        measurement = f"epoch of {members} members on {len(ids)} fields, {name}"
        rows += compare(one_by_one, as_one, repeats, measurement=measurement)
    return rows


def scoring(members: int, share: float, repeats: int) -> float:
    """Return the seconds that a member takes for all ternary fields."""
    network = Corrected(
        np.zeros((len(ELEMENTS), 22), np.float32), CorrectedOptions(), range(members)
    )
    found = Ensemble(
        network.eval(), np.zeros(members, int), 0.0, 1.0, "identity", np.zeros((members, 1))
    )
    ternaries = combinations(3)
    few = ternaries[: round(share * len(ternaries))]
    least = min(seconds(partial(found.outputs, few, "cpu")) for _ in range(repeats))
    return least / members / share


def main() -> None:
    """Measure, write the table and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("results/bench"))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--members", type=int, default=50)
    parser.add_argument("--share", type=float, default=1.0, help="of the fields")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = together(arguments.members, arguments.share, arguments.repeats)
    timings = pd.DataFrame(rows)
    tables.write(timings, arguments.output / "phase_field_timings.parquet", TIMINGS, {})
    pairs = timings.pivot_table("seconds", ["measurement", "repeat"], "side")
    ratios = (pairs["literal"] / pairs["fast"]).groupby("measurement").agg(["median", "min", "max"])
    print(f"\nOne after another / together\n{ratios.to_string(float_format='{:.3g}'.format)}")
    print(timings.groupby(["measurement", "side"])["seconds"].median().to_string())
    least = scoring(10, 0.2 * arguments.share, arguments.repeats)
    print(f"\nAll ternary fields: {least:.2f} s per member, {300 * least:.0f} s for 300")


if __name__ == "__main__":
    main()
