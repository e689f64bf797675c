"""Put an encoder that the workflow made, its domain and its card together."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from unlabelled import pretrained, tables
from unlabelled.applicability import ApplicabilityDomain
from unlabelled.label_masking.descriptors import LIKENESS
from unlabelled.pretrained import card
from unlabelled.site_net import weights
from unlabelled.site_net.encoder import READOUTS

_TEMPLATE = Path(__file__).with_name("card.template")


def pack(
    encoder: str | Path,
    history: str | Path,
    pool: str | Path,
    crystals: Mapping[str, str | Path],
    descriptors: Mapping[str, Sequence[str | Path]],
    summaries: Mapping[str, str | Path],
    units: Mapping[str, str],
    sources: Mapping[str, Mapping[str, Any]],
    folder: str | Path,
    *,
    variant: str,
    max_sites: int,
    training: Mapping[str, Any],
) -> None:
    """Write encoder, domain and card into a folder, whole or not at all.

    Parameters
    ----------
    encoder, history, pool
        Of one run of the pre-training.
    crystals, descriptors
        Table of crystals, and those of each of
        :data:`~unlabelled.label_masking.descriptors.LIKENESS`, of every dataset of the pool, by its
        name.
    summaries, units
        Tables of the errors of frozen representations, and units, by task.
    sources
        Specification of the source of every dataset.
    folder
        To write.
    variant
        Name of the variant.
    max_sites
        Most sites of a primitive cell.
    training
        Settings of the training.
    """
    used = tables.read(pool).query("used")
    known = pd.concat(
        [_known(name, crystals[name], descriptors[name]) for name in crystals], ignore_index=True
    ).merge(used[["dataset", "material_id"]])
    vectors = [np.stack(known[name].tolist()) for name in LIKENESS]
    domain = ApplicabilityDomain.of(np.hstack(vectors), known["formula_reduced"])
    file = Path(encoder).read_bytes()
    rows = pd.concat([tables.read(path) for path in summaries.values()], ignore_index=True)
    counts = known.groupby("dataset").size()
    data = [
        {
            "data": name,
            "crystals": counts.get(name, 0),
            "licence": sources[name].get("licence"),
            "source": sources[name].get("citation"),
        }
        for name in crystals
    ]
    text = _TEMPLATE.read_text().format(
        variant=variant,
        readout=pretrained.READOUT,
        width=READOUTS[pretrained.READOUT],
        n_crystals=len(known),
        data=card.markdown(pd.DataFrame(data)),
        facts=card.facts(
            known, domain, tables.read(history), training, weights.load(encoder), file
        ),
        n_draws=rows["n_draws"].max(),
        errors=card.markdown(_errors(rows, units)),
        max_sites=max_sites,
    )
    pretrained.write(folder, file, domain, text)


def _known(dataset: str, crystals: str | Path, descriptors: Sequence[str | Path]) -> pd.DataFrame:
    known = tables.read(crystals, ["material_id", "formula_reduced", "elements"])
    for name, path in zip(LIKENESS, descriptors, strict=True):
        known = known.merge(tables.read(path).rename(columns={"embedding": name}))
    return known.assign(dataset=dataset)


def _errors(rows: pd.DataFrame, units: Mapping[str, str]) -> pd.DataFrame:
    """Median errors of every method and task, a column per number of labels."""
    named = [f"{task.replace('_', ' ')} ({units[task]})" for task in rows["task"]]
    shown = (
        rows.assign(task=named)
        .pivot_table(index=["task", "arm", "head"], columns="n_labels", values="median", sort=False)
        .sort_index(axis="columns")
    )
    shown = shown.map("{:.3f}".format, na_action="ignore")
    shown.columns = [f"{n} labels" for n in shown.columns]
    return shown.reset_index()
