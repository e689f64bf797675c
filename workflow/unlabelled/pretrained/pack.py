"""Put an encoder, its domain and its card together."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pymatgen.core.periodic_table import Element
from safetensors.numpy import save_file

from unlabelled import tables
from unlabelled.applicability import QUANTILE, ApplicabilityDomain
from unlabelled.files import sha256, written_whole
from unlabelled.pretrained import READOUT
from unlabelled.site_net import weights

_CARD = Path(__file__).with_name("card.template")


def pack(
    encoder: str | Path,
    history: str | Path,
    pool: str | Path,
    crystals: Mapping[str, str | Path],
    embeddings: Mapping[str, str | Path],
    summaries: Mapping[str, str | Path],
    units: Mapping[str, str],
    sources: Mapping[str, Mapping[str, Any]],
    folder: str | Path,
    *,
    variant: str,
    max_sites: int,
    provenance: Mapping[str, Any],
) -> None:
    """Write encoder, domain and card into a folder, whole or not at all.

    Parameters
    ----------
    encoder, history, pool
        Of one run of the pre-training.
    crystals, embeddings
        Tables of every dataset of the pool, by its name.
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
    provenance
        Stored in the metadata of the domain.
    """
    used = tables.read(pool).query("used")
    known = pd.concat(
        [_known(name, crystals[name], embeddings[name]) for name in crystals], ignore_index=True
    ).merge(used[["dataset", "material_id"]])
    domain = ApplicabilityDomain.of(np.stack(known[READOUT].tolist()), known["formula_reduced"])
    losses = tables.read(history).query("part == 'validation' and quantity == 'dim'")
    best = losses.sort_values("value").iloc[0]
    network = weights.load(encoder)
    numbers = sorted(Element(symbol).Z for symbol in set(known["elements"].explode()))
    errors = pd.concat([_errors(summaries[task], task, units[task]) for task in summaries])
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
    card = _CARD.read_text().format(
        variant=variant,
        readout=READOUT,
        width=len(domain.mean),
        n_crystals=len(known),
        data=_markdown(pd.DataFrame(data)),
        epochs=losses["epoch"].max() + 1,
        best=int(best["epoch"]) + 1,
        loss=best["value"],
        settings=provenance["training"],
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        digest=sha256(encoder),
        n_references=len(domain.references),
        n_formulas=known["formula_reduced"].nunique(),
        elements=_ranges(numbers),
        limit=domain.limit,
        one_in=round(1 / (1 - QUANTILE)),
        n_draws=errors.pop("n_draws").max(),
        errors=_markdown(errors),
        max_sites=max_sites,
    )
    with written_whole(folder) as temporary:
        temporary.mkdir()
        shutil.copyfile(encoder, temporary / "encoder.safetensors")
        arrays = {name: np.ascontiguousarray(of) for name, of in domain.arrays().items()}
        save_file(arrays, temporary / "domain.safetensors")
        (temporary / "card.md").write_text(card)


def _known(dataset: str, crystals: str | Path, embeddings: str | Path) -> pd.DataFrame:
    described = tables.read(crystals, ["material_id", "formula_reduced", "elements"])
    embedded = tables.read(embeddings, ["material_id", READOUT])
    return described.merge(embedded).assign(dataset=dataset)


def _errors(summary: str | Path, task: str, unit: str) -> pd.DataFrame:
    """Median errors of every method, a column per number of labels."""
    rows = tables.read(summary)
    shown = rows.pivot_table(index=["arm", "head"], columns="n_labels", values="median")
    shown.columns = [f"{n} labels" for n in shown.columns]
    shown = shown.map(lambda value: f"{value:.3f}").reset_index()
    shown.insert(0, "task", f"{task.replace('_', ' ')} ({unit})")
    return shown.assign(n_draws=rows["n_draws"].max())


def _ranges(numbers: Sequence[int]) -> str:
    """Elements in ranges of the periodic table, say H, Li-F."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    names = [[Element.from_Z(number).symbol for number in (part[0], part[-1])] for part in parts]
    return ", ".join(first if first == last else f"{first} to {last}" for first, last in names)


def _markdown(frame: pd.DataFrame) -> str:
    cells = [frame.columns, ["---"] * len(frame.columns), *frame.astype(str).to_numpy()]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)
