"""Which crystals take part in pre-training: never the test crystals of the task."""

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa

from unlabelled.tables import field

SCHEMA = pa.schema(
    [
        field("dataset", pa.string(), "name of the dataset in the configuration"),
        field("material_id", pa.string(), "identifier in the crystal table"),
        field("used", pa.bool_(), "whether the crystal takes part in pre-training"),
        field("why", pa.string(), "why it does not; empty if it does"),
    ]
)


def pool(
    datasets: Mapping[str, pd.DataFrame], split: pd.DataFrame, dataset: str, *, transductive: bool
) -> pd.DataFrame:
    """Choose the crystals of pre-training.

    Parameters
    ----------
    datasets
        Crystals that have point sets, by dataset: columns material_id and formula_reduced.
    split
        Split of the task (``structures.splits.SCHEMA``).
    dataset
        Dataset of the task. Of the others, crystals with the reduced formula of a test crystal are
        left out: they may be the same structure under another name.
    transductive
        Take the test crystals as well.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`SCHEMA`, one row per crystal.
    """
    test = split[split.part == "test"]
    taken: dict[tuple[str, str], str] = {}
    rows = []
    for name, crystals in datasets.items():
        if name == dataset:
            held_out = crystals.material_id.isin(test.material_id)
            why = "test crystal of the task"
        else:
            held_out = crystals.formula_reduced.isin(test.formula_reduced)
            why = "reduced formula of a test crystal"
        refused = held_out & (not transductive)
        for key, is_refused in zip(
            zip(crystals.material_id, crystals.formula_reduced, strict=True), refused, strict=True
        ):
            # Identifiers of different sources may coincide by chance; then formulas differ.
            reason = why if is_refused else f"already in {taken[key]}" if key in taken else ""
            if not reason:
                taken[key] = name
            rows.append((name, key[0], not reason, reason))
    return pd.DataFrame(rows, columns=SCHEMA.names)
