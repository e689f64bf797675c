"""Representations put together from what encoders and descriptors say of a crystal."""

from collections.abc import Iterable

import numpy as np
import pandas as pd


def concatenated(parts: Iterable[tuple[pd.DataFrame, str]]) -> pd.DataFrame:
    """Put the vectors of several tables behind one another.

    Parameters
    ----------
    parts
        Tables with the column material_id, and the column of their vectors.

    Returns
    -------
    pandas.DataFrame
        Columns material_id and embedding, for the crystals that all tables have, sorted.

    Raises
    ------
    ValueError
        If there is no table, or a crystal stands twice in one.
    """
    columns = [table.set_index("material_id")[name] for table, name in parts]
    for column in columns:
        if not column.index.is_unique:
            twice = column.index[column.index.duplicated()][0]
            raise ValueError(f"crystal {twice} stands twice in a table of vectors")
    shared = sorted(set.intersection(*(set(column.index) for column in columns)))
    matrix = np.hstack([np.stack(column[shared].to_list()) for column in columns])
    return pd.DataFrame({"material_id": shared, "embedding": list(matrix)})
