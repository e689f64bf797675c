"""Maps of crystals by what encoders say of them."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from unlabelled import pages
from unlabelled.pages import Column
from unlabelled.plots.style import OKABE_ITO, appearing, counted, readable

_TEMPLATE = Path(__file__).with_suffix(".html")
_SCRIPT = Path(__file__).with_suffix(".js")
#: Crystal systems and the last space group of each, by international number.
SYSTEMS = {
    "triclinic": 2,
    "monoclinic": 15,
    "orthorhombic": 74,
    "tetragonal": 142,
    "trigonal": 167,
    "hexagonal": 194,
    "cubic": 230,
}
#: Columns of the crystal table that a page needs, besides labels.
NEEDED = ["material_id", "formula_reduced", "elements", "n_sites", "space_group", "volume"]


class Maps(NamedTuple):
    """Maps of the crystals of one task.

    Attributes
    ----------
    task, dataset
        Their names.
    table
        Columns of :data:`unlabelled.label_masking.schema.EMBEDDING_MAP`, all arms.
    crystals
        Columns :data:`NEEDED`, and labels.
    labels
        Unit of every label, that of the task first.
    """

    task: str
    dataset: str
    table: pd.DataFrame
    crystals: pd.DataFrame
    labels: Mapping[str, str]


def page(maps: Sequence[Maps], *, scale: str, pages_made: Collection[str]) -> str:
    """Return the page of crystals.

    Parameters
    ----------
    maps
        At least one.
    scale
        Name of the study.
    pages_made
        Names of all pages of the study.

    Returns
    -------
    str
        HTML.
    """
    arms = appearing(arm for of in maps for arm in of.table["arm"])
    numbers = [
        f"{counted([of.table['material_id'].nunique()], 'crystal')} of {readable(of.dataset)}"
        for of in maps
    ]
    return pages.render(
        _TEMPLATE,
        name="crystals",
        title="Maps of crystals",
        lead=(
            f"{', '.join(dict.fromkeys(numbers))}, placed by t-SNE of what an encoder says of them "
            f"({', '.join(readable(arm) for arm in arms)}). Near crystals are alike to the "
            "encoder; distances between far groups mean nothing."
        ),
        scale=scale,
        pages=pages_made,
        data={
            "maps": [_data(of) for of in maps],
            "systems": dict(zip(SYSTEMS, OKABE_ITO, strict=True)),
        },
        scripts=[_SCRIPT],
        charts=True,
        tables=True,
    )


def _data(of: Maps) -> dict[str, object]:
    places = of.table.drop_duplicates("material_id")[["material_id"]]
    crystals = places.merge(of.crystals, on="material_id", how="left", validate="1:1")
    last = np.array(list(SYSTEMS.values()))
    systems = np.array(list(SYSTEMS))[np.searchsorted(last, crystals["space_group"])]
    crystals = crystals.assign(
        elements=crystals["elements"].map(" ".join),
        system=systems,
        volume_per_site=crystals["volume"] / crystals["n_sites"],
    )
    columns = [
        Column("formula_reduced", "formula"),
        Column("material_id", "identifier"),
        *(
            Column(label, f"{readable(label)} ({unit})" if unit else readable(label), 3)
            for label, unit in of.labels.items()
        ),
        Column("system", "crystal system"),
        Column("space_group", "space group", 0),
        Column("n_sites", "sites of the cell", 0),
        Column("volume_per_site", "volume per site (Å³)", 1),
    ]
    hidden = Column("elements", "elements")  # for the search
    return {
        "name": f"{readable(of.task)} ({readable(of.dataset)})",
        "file": f"{of.task}_crystals",
        "columns": [column._asdict() for column in columns],
        "values": pages.columnar(crystals, [*columns, hidden]),
        "arms": [
            {"name": readable(str(arm)), **_coordinates(rows, crystals["material_id"])}
            for arm, rows in of.table.groupby("arm", sort=False)
        ],
    }


def _coordinates(rows: pd.DataFrame, order: pd.Series) -> dict[str, list[float | None]]:
    placed = rows.set_index("material_id").reindex(order)
    return {axis: pages.rounded(placed[axis]) for axis in ("x", "y")}
