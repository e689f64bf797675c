"""Tables of vectors of the elements, of whatever they are made."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from unlabelled import tables
from unlabelled.phase_field import environments
from unlabelled.phase_field.autoencoder import autoencoder
from unlabelled.phase_field.element_vectors import of_table, read, svd
from unlabelled.phase_field.fields import ELEMENTS
from unlabelled.tables import field


def write(
    settings: Mapping[str, Any],
    sources: Sequence[str | Path],
    destination: str | Path,
    seed: int,
    provenance: Mapping[str, Any],
) -> None:
    """Make vectors of the elements and write them.

    Parameters
    ----------
    settings
        ``method`` (svd or autoencoder) and ``size``; ``table``; or ``of``.
    sources
        Table of environments, of element properties, or of each of the vectors that are joined:
        each is scaled to numbers of variance 1.
    destination
        Table to write: element, vector.
    seed
        Of an autoencoder.
    provenance
        Stored in the metadata.
    """
    if "of" in settings:
        parts = [read(source) for source in sources]
        vectors = np.concatenate([part / part.std() for part in parts], axis=1)
    elif "table" in settings:
        vectors = of_table(sources[0])
    elif settings["method"] == "svd":
        vectors = svd(environments.read(sources[0]), settings["size"])
    else:
        vectors = autoencoder(environments.read(sources[0]), settings["size"], seed)
    kind = pa.list_(pa.float32(), vectors.shape[1])
    schema = pa.schema(
        [field("element", pa.string(), "symbol"), field("vector", kind, "vector of the element")]
    )
    rows = pd.DataFrame({"element": ELEMENTS, "vector": list(vectors)})
    tables.write(rows, destination, schema, provenance)
