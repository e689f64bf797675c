"""The field that a person means: by a formula, a set of elements, or a composition."""

import re
from collections.abc import Iterable
from typing import Any

from pymatgen.core.composition import Composition

from unlabelled.phase_field.fields import ELEMENTS, key
from unlabelled.structures.formula import NoFormulaError, amounts, element
from unlabelled.structures.schema import bounded

_SYSTEM = re.compile(r"[A-Z][a-z]?(-[A-Z][a-z]?)+")
_NAMED = 5  # faults
_LENGTH = 100  # of an entry in a message


def field_of(entry: Any) -> str:
    """Return the field of an entry.

    Parameters
    ----------
    entry
        ``MgB2``, ``Mg B``, ``Mg-B``, or a :class:`pymatgen.core.Composition`.

    Raises
    ------
    ValueError
        If it is none of these, or has an element that is not among the 87.
    """
    shown = bounded(repr(entry), _LENGTH)
    if isinstance(entry, Composition):
        found = [element(species) for species in entry]
        present = {"a dummy species" if one is None else one.symbol for one in found}
    elif isinstance(entry, str):
        text = entry.replace("-", " ") if _SYSTEM.fullmatch(entry) else entry
        try:
            present = set(amounts(text)[0])  # whatever a full stop means, elements are the same
        except NoFormulaError as error:
            raise ValueError(f"{shown} is no formula or set of elements ({error})") from error
    else:
        raise ValueError(f"{shown} is no formula, set of elements or composition")
    strange = sorted(present - set(ELEMENTS))
    if strange:
        raise ValueError(f"{shown}: {', '.join(strange)} is not among the 87 elements")
    if not present:
        raise ValueError(f"{shown} has no elements")
    return key(present)


def fields_of(entries: Iterable[Any]) -> list[str]:
    """Return the fields of entries; see :func:`field_of`.

    Raises
    ------
    ValueError
        Naming the first entries that are none, with their numbers from 0.
    """
    found, faults = [], []
    for number, entry in enumerate(entries):
        try:
            found.append(field_of(entry))
        except ValueError as error:
            faults.append(f"entry {number}: {error}")
    if faults:
        more = f"; and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
        raise ValueError("; ".join(faults[:_NAMED]) + more)
    return found
