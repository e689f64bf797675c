"""Random clusters of known shape: how the measures behave in many dimensions.

The clusters of the paper are not known; these are ours.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow as pa

from unlabelled.isotropy.cluster import Floats
from unlabelled.isotropy.measures import clusters
from unlabelled.isotropy.rows import MEASURED, in_all_implementations, rows_of
from unlabelled.seeds import generator
from unlabelled.tables import field

STRETCH = 10.0
SEPARATION = 6.0
DEGREES_OF_FREEDOM = 3


def _isotropic(n: int, d: int, random: np.random.Generator) -> Floats:
    return random.standard_normal((n, d))


def _stretched(n: int, d: int, random: np.random.Generator) -> Floats:
    points = random.standard_normal((n, d))
    points[:, 0] *= STRETCH
    return points


def _power_law(n: int, d: int, random: np.random.Generator) -> Floats:
    return random.standard_normal((n, d)) / np.sqrt(np.arange(1, d + 1))


def _half_zero(n: int, d: int, random: np.random.Generator) -> Floats:
    points = random.standard_normal((n, d))
    points[:, (d + 1) // 2 :] = 0
    return points


def _line(n: int, d: int, random: np.random.Generator) -> Floats:
    direction = random.standard_normal(d)
    return np.outer(random.standard_normal(n), direction / np.linalg.norm(direction))


def _heavy_tailed(n: int, d: int, random: np.random.Generator) -> Floats:
    radial = np.sqrt(random.chisquare(DEGREES_OF_FREEDOM, (n, 1)) / DEGREES_OF_FREEDOM)
    return random.standard_normal((n, d)) / radial


def _two_blobs(n: int, d: int, random: np.random.Generator) -> Floats:
    points = random.standard_normal((n, d))
    points[: n // 2, 0] += SEPARATION
    return points


#: Generators of (n, d) points.
CLOUDS: Mapping[str, Callable[[int, int, np.random.Generator], Floats]] = MappingProxyType(
    {
        "isotropic": _isotropic,
        "stretched": _stretched,  # one axis ten times as long
        "power_law": _power_law,  # standard deviations j^(-1/2)
        "half_zero": _half_zero,  # no extent along half of the axes
        "line": _line,
        "heavy_tailed": _heavy_tailed,  # Student's t, the same in all directions
        "two_blobs": _two_blobs,  # six standard deviations apart
    }
)

COLUMNS = pa.schema(
    [
        field("cloud", pa.string(), "shape of the cluster"),
        field("n", pa.int32(), "points"),
        field("d", pa.int32(), "dimensions"),
        field("seed", pa.int32(), "number of the draw"),
        *MEASURED,
    ]
)


def measure_clouds(
    n: int, d: int, measures: Sequence[str], draws: int, *, seed: int
) -> pd.DataFrame:
    """Measure clusters of every shape, in both implementations.

    Parameters
    ----------
    n, d
        Numbers of points and of dimensions.
    measures
        Names of measures.
    draws
        Clusters of each shape.
    seed
        The seed of the configuration.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`COLUMNS`; null and z for corrected implementations only.
    """
    chosen = in_all_implementations(measures)
    rows = []
    for cloud, draw in product(CLOUDS, range(draws)):
        points = CLOUDS[cloud](n, d, generator(seed, "cloud", cloud, n, d, draw))
        about = {"cloud": cloud, "n": n, "d": d, "seed": draw}
        rows += [about | row for row in rows_of(clusters(points), chosen, seed=seed)]
    return pd.DataFrame(rows, columns=COLUMNS.names)
