"""What a card says of an encoder."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from pymatgen.core.periodic_table import Element

from unlabelled.applicability import QUANTILE, ApplicabilityDomain
from unlabelled.site_net.encoder import SiteNet

_FACTS = """\
- **Training**: {epochs} epochs; loss on the crystals kept for validation {loss:.3f} nats (epoch
  {best}). Settings: `{settings}`.
- **Size**: {parameters} parameters. SHA-256 of the file: `{digest}`.
- **Domain**: {n_crystals} crystals, {n_formulas} reduced formulas, elements {elements}. A crystal
  whose distance to the nearest of them exceeds {limit:.3f} is outside; so is one crystal in
  {one_in} of these, without those of its own formula.
"""


def facts(
    known: pd.DataFrame,
    domain: ApplicabilityDomain,
    history: pd.DataFrame,
    settings: Mapping[str, Any],
    network: SiteNet,
    file: bytes,
) -> str:
    """Return how an encoder was trained, its size and its domain, as items of a list.

    Parameters
    ----------
    known
        Columns formula_reduced and elements of the crystals that it was trained on.
    domain
        Of these crystals.
    history
        Columns epoch, part, quantity and value of the training.
    settings
        Of the training.
    network, file
        The encoder, and the content of its file.
    """
    losses = history.query("part == 'validation' and quantity == 'dim'")
    best = losses.sort_values("value").iloc[0]
    numbers = sorted({Element(symbol).Z for symbol in known["elements"].explode()})
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return _FACTS.format(
        epochs=losses["epoch"].max() + 1,
        loss=best["value"],
        best=int(best["epoch"]) + 1,
        settings=json.dumps(dict(settings)),
        parameters=parameters,
        digest=hashlib.sha256(file).hexdigest(),
        n_crystals=len(domain.references),
        n_formulas=known["formula_reduced"].nunique(),
        elements=_ranges(numbers),
        limit=domain.limit,
        one_in=round(1 / (1 - QUANTILE)),
    )


def markdown(frame: pd.DataFrame) -> str:
    """Return a table in Markdown; what is missing is a dash."""
    shown = frame.astype(object).where(frame.notna(), "–").map(str)
    cells = [frame.columns, ["---"] * len(frame.columns), *shown.to_numpy()]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


def _ranges(numbers: Sequence[int]) -> str:
    """Elements in ranges of the periodic table, say H, Li to F."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    names = [[Element.from_Z(number).symbol for number in (part[0], part[-1])] for part in parts]
    return ", ".join(first if first == last else f"{first} to {last}" for first, last in names)
