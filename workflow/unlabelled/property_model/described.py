"""Crystals as regressors see them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from unlabelled import default_study, tables
from unlabelled.infomax.embedding import embed
from unlabelled.label_masking.describe import describe
from unlabelled.own_crystals import OwnCrystals
from unlabelled.parallel import cores
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
        (n, 192), of composition and surroundings.
    """

    rows: pd.DataFrame
    point_sets: Shards
    statistics: Floats

    def sites(self, encoder: SiteNet) -> Floats:
        """Return what an encoder says of the sites of every crystal, (n, 64)."""
        return embed(encoder, self.point_sets)[READOUT].astype(np.float64)


def describe_all(crystals: OwnCrystals) -> Described:
    """Describe the crystals that have a point set.

    Raises
    ------
    UserError
        If a descriptor fails for all of them.
    """
    config, sources = default_study.read()
    elements = default_study.raw_file("magpie", sources)
    point_sets = Shards([crystals.point_sets], quotient=True)
    limits = config["structures"]
    parts = []
    for descriptor in _DESCRIPTORS:
        found = describe(
            crystals.table,
            descriptor,
            elements=elements,
            processes=cores(),
            seconds_per_crystal=limits["seconds_per_entry"],
            memory_mb_per_crystal=limits["memory_mb_per_entry"],
        ).to_pandas()
        vectors = found.set_index("material_id")["embedding"].loc[point_sets.ids]
        parts.append(np.stack(vectors.tolist()))
    rows = tables.read(crystals.table).set_index("material_id").loc[point_sets.ids].reset_index()
    columns = [name for name in ("material_id", "formula_reduced", LABEL) if name in rows]
    return Described(rows[columns], point_sets, np.hstack(parts).astype(np.float64))
