"""Two-dimensional maps of the representations."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.manifold import TSNE
from sklearn.preprocessing import StandardScaler

from unlabelled import seeds
from unlabelled.errors import UserError


def tsne(
    task: str,
    embeddings: Mapping[str, tuple[Sequence[str], NDArray[Any]]],
    values: Mapping[str, float],
    *,
    seed: int,
    perplexity: float = 30.0,
    max_points: int = 2000,
) -> pd.DataFrame:
    """Map the same crystals with the representation of every arm.

    Parameters
    ----------
    task
        Name of the task, written into the rows.
    embeddings
        By arm, identifiers of n crystals and their representations, (n, d). The features are
        standardised, as they are for the heads.
    values
        Value to colour by, by identifier; crystals without a finite one are left out, as are those
        that some arm lacks.
    seed
        The seed of the configuration.
    perplexity
        Effective number of neighbours.
    max_points
        Of more crystals, this many are drawn.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`unlabelled.label_masking.schema.EMBEDDING_MAP`; the coordinates have no
        unit and are not comparable between arms.

    Raises
    ------
    UserError
        If the crystals that all arms share are too few for the perplexity.
    ValueError
        If there is no arm.
    """
    if not embeddings:
        raise ValueError("no arm to map")
    shared = set.intersection(*(set(ids) for ids, _ in embeddings.values()))
    ids = sorted(i for i in shared if np.isfinite(values.get(i, np.nan)))
    if len(ids) > max_points:
        generator = seeds.generator(seed, "label_masking", "embedding_map", max_points)
        ids = [ids[i] for i in sorted(generator.choice(len(ids), max_points, replace=False))]
    if len(ids) <= perplexity:
        raise UserError(
            f"{len(ids)} crystals have a value and an embedding in all of "
            f"{', '.join(embeddings)}: t-SNE with perplexity {perplexity:g} needs more than that, "
            "lower the perplexity or enlarge the dataset"
        )
    state = seeds.integer(seed, "label_masking", "embedding_map") % 2**32
    tables = []
    for arm, (arm_ids, matrix) in embeddings.items():
        position = {material_id: i for i, material_id in enumerate(arm_ids)}
        rows = np.asarray(matrix, dtype=np.float64)[[position[i] for i in ids]]
        mapper = TSNE(init="pca", perplexity=perplexity, random_state=state)
        xy = mapper.fit_transform(StandardScaler().fit_transform(rows))
        tables.append(
            pd.DataFrame(
                {
                    "task": task,
                    "arm": arm,
                    "material_id": ids,
                    "x": xy[:, 0],
                    "y": xy[:, 1],
                    "value": [float(values[i]) for i in ids],
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
