"""Measures of a clustering as rows of a table, each beside its null model."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from unlabelled.isotropy.cluster import Cluster
from unlabelled.isotropy.measures import MEASURES, Implementation, isotropy_of
from unlabelled.isotropy.null import Null, null_of_average
from unlabelled.tables import field

#: Fields of every row.
MEASURED = (
    field("measure", pa.string(), "name of the measure"),
    field("implementation", pa.string(), "corrected, or published: with the authors' faults"),
    field("value", pa.float64(), "average over the clusters, weighted by size"),
    field("excluded_weight", pa.float64(), "share of points in clusters without a value"),
    field("null_mean", pa.float64(), "the same if all were isotropic Gaussian; of corrected"),
    field("null_sd", pa.float64(), "standard deviation there"),
    field("z", pa.float64(), "(value - null_mean) / null_sd"),
)


def in_all_implementations(measures: Sequence[str]) -> dict[Implementation, list[str]]:
    """Return the measures by implementation: published are those that the authors have."""
    published = [name for name in measures if MEASURES[name].published is not None]
    return {"corrected": list(measures), "published": published}


def rows_of(
    clustering: Sequence[tuple[Any, Cluster]],
    measures: Mapping[Implementation, Sequence[str]],
    *,
    seed: int,
) -> Iterator[dict[str, Any]]:
    """Measure a clustering.

    Parameters
    ----------
    clustering
        What :func:`unlabelled.isotropy.measures.clusters` returned.
    measures
        Names of measures by implementation.
    seed
        The seed of the configuration.

    Yields
    ------
    dict
        The fields :data:`MEASURED`.
    """
    for implementation, names in measures.items():
        for name in names:
            found = isotropy_of(clustering, name, implementation)
            chance = Null(np.nan, np.nan)
            if implementation == "corrected":
                chance = null_of_average(name, found, clustering[0][1].d, seed=seed)
            yield {
                "measure": name,
                "implementation": implementation,
                "value": found.value,
                "excluded_weight": found.excluded_weight,
                "null_mean": chance.mean,
                "null_sd": chance.sd,
                "z": np.divide(found.value - chance.mean, chance.sd),
            }
