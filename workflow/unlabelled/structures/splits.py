"""Splits of a dataset into a training part and a test part."""

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from unlabelled import seeds, tables
from unlabelled.errors import UserError
from unlabelled.tables import field

SCHEMA = pa.schema(
    [
        field("material_id", pa.string(), "identifier in the crystal table"),
        field("formula_reduced", pa.string(), "reduced formula"),
        field("part", pa.string(), "train or test"),
    ]
)


def split(
    crystals: pd.DataFrame, by: Literal["formula", "crystal"], test_fraction: float, seed: int
) -> pd.DataFrame:
    """Split crystals at random.

    The side of a formula (or crystal) depends on the seed and on its name alone. So a formula is on
    the same side in every dataset and for every task, and crystals added later change no other's.

    Parameters
    ----------
    crystals
        Columns material_id and formula_reduced.
    by
        What is drawn: reduced formulas, so that all crystals of one formula are in one part, or
        single crystals.
    test_fraction
        Probability of a formula (or crystal) to be in the test part.
    seed
        The seed of the configuration.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`SCHEMA`, in the order of `crystals`.

    Raises
    ------
    UserError
        If a part is left empty.
    """
    column = {"formula": "formula_reduced", "crystal": "material_id"}[by]
    drawn = {
        name: seeds.generator(seed, "split", by, name).random() for name in set(crystals[column])
    }
    test = crystals[column].map(drawn) < test_fraction
    if test.all() or not test.any():
        raise UserError(
            f"test_fraction {test_fraction:g} puts {test.sum()} of {len(crystals)} crystals into "
            "the test part: training and test part need at least one each; enlarge the dataset or "
            "change split.test_fraction of the task"
        )
    return _parts(crystals, test)


def split_by_folds(
    crystals: pd.DataFrame, fold_file: str | Path, test_fold: int | str
) -> pd.DataFrame:
    """Split crystals by a fold file.

    Parameters
    ----------
    crystals
        Columns material_id and formula_reduced.
    fold_file
        CSV or Parquet with the columns material_id and fold.
    test_fold
        The fold that is the test part; all others are the training part.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`SCHEMA`.

    Raises
    ------
    UserError
        If the file cannot be read, lacks a column, a crystal or the fold asked for, names a crystal
        twice, or leaves a part empty.
    """
    path = Path(fold_file)
    if not path.is_file():
        raise UserError(f"fold file {path} does not exist; correct split.file of the task")
    folds = tables.read_own(path)
    if missing := {"material_id", "fold"} - set(folds.columns):
        raise UserError(
            f"{path} lacks the column {sorted(missing)[0]}; it has {list(folds.columns)}"
        )
    fold_of = folds.fillna("").astype(str).set_index("material_id")["fold"].str.strip()
    if not fold_of.index.is_unique:
        twice = fold_of.index[fold_of.index.duplicated()][0]
        raise UserError(f"{path} names {twice} more than once")
    if (fold_of == "").any():
        raise UserError(f"{path} leaves the fold of {fold_of.index[fold_of == ''][0]} empty")
    known = sorted(set(fold_of))
    if str(test_fold) not in known:
        raise UserError(f"{path} has no fold {test_fold}; it has {known}")
    without = crystals.loc[~crystals.material_id.isin(fold_of.index), "material_id"]
    if len(without):
        raise UserError(
            f"{path} gives no fold for {len(without)} of {len(crystals)} crystals, the first "
            f"{without.iloc[0]}; add them or leave them out of the dataset"
        )
    test = crystals.material_id.map(fold_of) == str(test_fold)
    if test.all() or not test.any():
        raise UserError(
            f"{path} puts {test.sum()} of {len(crystals)} crystals into fold {test_fold}: "
            "training and test part need at least one each; correct split.test_fold of the task"
        )
    return _parts(crystals, test)


def _parts(crystals: pd.DataFrame, test: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "material_id": crystals.material_id,
            "formula_reduced": crystals.formula_reduced,
            "part": np.where(test, "test", "train"),
        }
    )
