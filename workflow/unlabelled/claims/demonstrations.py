"""Numbers that show a fault of released code and stand in no other table.

One row per repetition, so that the scorecard can give an interval.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from unlabelled.isotropy import partition, published
from unlabelled.point_set.point_set import PointSet
from unlabelled.seeds import generator
from unlabelled.tables import field

SCHEMA = pa.schema(
    [
        field("quantity", pa.string(), "what is shown"),
        field("repetition", pa.int16(), "number of the repetition"),
        field("value", pa.float64(), "value"),
    ]
)

Floats = npt.NDArray[np.float64]

_REPETITIONS = 10
_SITES = 1200  # of a batch, as in the study
_DIRECTIONS = 1000


def demonstrate(point_sets: Sequence[PointSet], *, seed: int) -> pd.DataFrame:
    """Measure all of them.

    Parameters
    ----------
    point_sets
        Crystals; without any, what concerns them is left out.
    seed
        The seed of the configuration.

    Returns
    -------
    pandas.DataFrame
        With the columns of ``SCHEMA``.
    """
    values: Mapping[str, Iterable[float]] = {
        "direction_length_2": map(_direction_length, range(_REPETITIONS)),
        "mirror_difference_published": _mirror_differences(published.i_vec, seed),
        "mirror_difference_corrected": _mirror_differences(partition.i_vec, seed),
        "padding_weight": padding_weights(point_sets, seed=seed),
    }
    rows = [
        (quantity, repetition, value)
        for quantity, found in values.items()
        for repetition, value in enumerate(found)
    ]
    return pd.DataFrame(rows, columns=SCHEMA.names)


def padding_weights(point_sets: Sequence[PointSet], *, seed: int) -> list[float]:
    """Share of the weight of negatives with wrong distances that is padding, for every batch.

    The distances are those of a site half a batch away, the mask is the site's own: where its
    supercell has more atoms than the other's, columns of padding count, at distance 0 and so with
    the largest weight, (0 + 1)^-2 (D4; modules.py of mm04926412/Site-Net).

    Parameters
    ----------
    point_sets
        Crystals, put at random into batches of about 1,200 sites.
    seed
        Of their order.
    """
    order = generator(seed, "padding").permutation(len(point_sets)).tolist()
    sizes = [point_sets[index].n_sites for index in order]
    ends = np.flatnonzero(np.diff(np.cumsum(sizes) // _SITES)) + 1
    shares = []
    for batch in np.split(np.array(order, int), ends) if order else []:
        rows = [row for index in batch for row in point_sets[index].distances]
        donors = np.roll(np.arange(len(rows)), len(rows) // 2).tolist()
        padding = np.array(
            [max(0, len(own) - len(rows[donor])) for own, donor in zip(rows, donors, strict=True)]
        )
        atoms = np.array(
            [
                ((rows[donor][: len(own)] + 1.0) ** -2).sum()
                for own, donor in zip(rows, donors, strict=True)
            ]
        )
        shares.append(float((padding / (padding + atoms)).mean()))
    return shares


def _direction_length(seed: int) -> float:
    """Mean length of the directions of I_rnd in two dimensions (B1)."""
    directions = published.random_directions(2, _DIRECTIONS, seed)
    return float(np.linalg.norm(directions, axis=0).mean())


def _mirror_differences(measure: Callable[[Floats], float], seed: int) -> list[float]:
    """By how much I_vec of skewed clouds and of their mirror images differ (B3)."""
    clouds = [
        generator(seed, "mirror", repetition).exponential(size=(300, 6))
        for repetition in range(_REPETITIONS)
    ]
    return [abs(measure(cloud) - measure(-cloud)) for cloud in clouds]
