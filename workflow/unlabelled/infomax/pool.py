"""Which crystals take part in pre-training: never the test crystals of a task."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from unlabelled import seeds
from unlabelled.tables import field

SCHEMA = pa.schema(
    [
        field("dataset", pa.string(), "name of the dataset in the configuration"),
        field("material_id", pa.string(), "identifier in the crystal table"),
        field("used", pa.bool_(), "whether the crystal takes part in pre-training"),
        field("why", pa.string(), "why it does not; empty if it does"),
    ]
)


@dataclass(frozen=True, slots=True)
class TaskSplit:
    """Dataset of a task, and its split (``structures.splits.SCHEMA``)."""

    dataset: str
    parts: pd.DataFrame


def pool(
    datasets: Mapping[str, pd.DataFrame],
    tasks: Mapping[str, TaskSplit],
    *,
    transductive: bool,
    fraction: float,
    seed: int,
) -> pd.DataFrame:
    """Choose the crystals of pre-training.

    Parameters
    ----------
    datasets
        Crystals that have point sets, by dataset: columns material_id and formula_reduced.
    tasks
        All tasks by name, so that one encoder serves them all. Left out are their test crystals,
        and in other datasets than a task's own all crystals with the reduced formula of one: they
        may be the same structure under another name.
    transductive
        Take the test crystals as well.
    fraction
        Share of the reduced formulas to take; a smaller share is part of a larger one.
    seed
        The seed of the configuration.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`SCHEMA`, one row per crystal.
    """
    taken: dict[tuple[str, str], str] = {}
    rows = []
    for name, crystals in datasets.items():
        why = pd.Series("", index=crystals.index)
        for task, split in ({} if transductive else tasks).items():
            test = split.parts[split.parts.part == "test"]
            if split.dataset == name:
                why[crystals.material_id.isin(test.material_id)] = f"test crystal of {task}"
            else:
                held_out = crystals.formula_reduced.isin(test.formula_reduced) & (why == "")
                why[held_out] = f"reduced formula of a test crystal of {task}"
        for material_id, formula, reason in zip(
            crystals.material_id, crystals.formula_reduced, why, strict=True
        ):
            key = (material_id, formula)  # identifiers of different sources may coincide by chance
            if not reason and key in taken:
                reason = f"already in {taken[key]}"
            if not reason and not _drawn(seed, formula, fraction):
                reason = f"not in the fraction {fraction:g}"
            if not reason:
                taken[key] = name
            rows.append((name, material_id, not reason, reason))
    return pd.DataFrame(rows, columns=SCHEMA.names)


def _drawn(seed: int, formula: str, fraction: float) -> bool:
    generator = seeds.generator(seed, "infomax", "pool", formula)
    return fraction == 1 or bool(generator.random() < fraction)
