"""The units in which every source hands on its crystals, or its compositions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Format = Literal["cif", "poscar", "structure_dict"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One crystal as its source states it, not yet parsed.

    Attributes
    ----------
    name
        Identifier given by the source (mp-id, collection code, file name without suffix).
    text
        The structure in `format`.
    format
        ``cif``, ``poscar``, or ``structure_dict`` (pymatgen's dictionary as a JSON or Python
        literal).
    labels
        Property values by label name, in the units of ``resources/sources.yaml``; ``None`` where
        the source has no number.
    formula
        Formula stated by the source apart from its sites, if any; the structure must agree with it.
    error
        Why the source could not even be read at this entry (empty file, entry too large, no
        structure column); such an entry is refused as unreadable.
    """

    name: str
    text: str
    format: Format
    labels: Mapping[str, float | None] = field(default_factory=dict)
    formula: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class FormulaEntry:
    """One composition as its source states it, not yet parsed.

    Attributes
    ----------
    formula
        Text of the formula.
    labels
        As in :class:`Entry`.
    error
        Why the row could not even be read; such an entry is refused as unreadable.
    name
        What the entry is called among the rejects: its formula, or its number where it has none.
    """

    formula: str
    labels: Mapping[str, float | None]
    error: str | None
    name: str
