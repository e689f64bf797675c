"""Crystals as regressors see them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from unlabelled import tables
from unlabelled.infomax.embedding import embed
from unlabelled.label_masking.describe import with_means
from unlabelled.label_masking.descriptors import LIKENESS
from unlabelled.own_crystals import OwnCrystals, described
from unlabelled.point_set.shards import Shards
from unlabelled.pretrained import READOUT
from unlabelled.site_net.encoder import SiteNet

LABEL = "label"
_DESCRIPTORS = ("magpie_statistics", "environment_statistics")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Described:
    """Crystals, and what can be said of them without labels.

    Attributes
    ----------
    rows
        Columns material_id, formula_reduced and, where there are labels, :data:`LABEL`.
    point_sets
        Quotients of their point sets, n.
    statistics
        (n, 192), of composition and surroundings; means for crystals that have none.
    likeness
        (n, 92), by what they are compared with others; NaN for crystals that have none, which
        therefore are unlike any.
    """

    rows: pd.DataFrame
    point_sets: Shards
    statistics: Floats
    likeness: Floats

    def sites(self, encoder: SiteNet) -> Floats:
        """Return what an encoder says of the sites of every crystal, (n, 64)."""
        return embed(encoder, self.point_sets)[READOUT].astype(np.float64)


def describe_all(crystals: OwnCrystals) -> Described:
    """Describe crystals.

    Raises
    ------
    UserError
        If a descriptor fails for all of them.
    """
    rows = tables.read(crystals.table)
    columns = [name for name in ("material_id", "formula_reduced", LABEL) if name in rows]
    names = dict.fromkeys((*_DESCRIPTORS, *LIKENESS))
    found = {name: described(crystals, name) for name in names}
    return Described(
        rows[columns],
        Shards([crystals.point_sets], quotient=True),
        np.hstack([with_means(found[name]) for name in _DESCRIPTORS]),
        np.hstack([found[name] for name in LIKENESS]),
    )
