"""Elements in two dimensions, by their vectors."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.manifold import TSNE

from unlabelled import seeds, tables
from unlabelled.phase_field import element_vectors
from unlabelled.phase_field.element_vectors import Vectors
from unlabelled.phase_field.fields import ELEMENTS
from unlabelled.tables import field

_PERPLEXITY = 10

SCHEMA = pa.schema(
    [
        field("vectors", pa.string(), "name of the vectors"),
        field("element", pa.string(), "symbol"),
        field("x", pa.float64(), "coordinate, without meaning of its own"),
        field("y", pa.float64(), "coordinate, without meaning of its own"),
    ]
)


def element_map(vectors: Vectors, seed: int) -> pd.DataFrame:
    """Place elements so that those with alike vectors are near each other.

    Parameters
    ----------
    vectors
        (87, k) vectors; elements whose vector is zero are left out, nothing is known of them.
    seed
        Of the method.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`SCHEMA` but the name.
    """
    known = abs(vectors).sum(axis=1) > 0
    number = seeds.integer(seed, "phase_field", "element map") % 2**32
    places = TSNE(perplexity=_PERPLEXITY, random_state=number).fit_transform(vectors[known])
    return pd.DataFrame(
        {"element": np.array(ELEMENTS)[known], "x": places[:, 0], "y": places[:, 1]}
    )


def write(
    paths: Mapping[str, str | Path],
    destination: str | Path,
    seed: int,
    provenance: Mapping[str, Any],
) -> None:
    """Write the maps of all vectors, whose tables are given by name; see :func:`element_map`."""
    maps = [
        element_map(element_vectors.read(path), seed).assign(vectors=name)
        for name, path in paths.items()
    ]
    tables.write(pd.concat(maps, ignore_index=True), destination, SCHEMA, provenance)
