"""A crystal: what the checks of parsing let pass, as arrays, as an object of pymatgen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pymatgen.core.periodic_table import Element
from pymatgen.core.structure import Structure

Floats = npt.NDArray[np.float64]

SYMPREC = 0.01  # Å


@dataclass(frozen=True, slots=True)
class Crystal:
    """An ordered crystal that passed every check.

    Attributes
    ----------
    name
        Identifier given by the source.
    formula_reduced
        Reduced formula.
    elements
        Symbols present, sorted.
    space_group
        International number at symprec 0.01 Å; 1 where spglib finds none.
    volume
        Volume of the cell, Å³.
    lattice
        Lattice vectors as rows, (3, 3), Å.
    atomic_numbers
        (n_sites,).
    frac_coords
        Fractional coordinates within [0, 1], (n_sites, 3).
    labels
        Finite label values by name.
    formula_unread
        Whether a formula was stated that could not be read, and so was not compared.
    """

    name: str
    formula_reduced: str
    elements: tuple[str, ...]
    space_group: int
    volume: float
    lattice: Floats
    atomic_numbers: npt.NDArray[np.int16]
    frac_coords: Floats
    labels: Mapping[str, float]
    formula_unread: bool


class Cell(NamedTuple):
    """A crystal as arrays.

    Attributes
    ----------
    lattice
        Lattice vectors as rows, (3, 3) float64, Å.
    atomic_numbers
        (n_sites,) int16.
    frac_coords
        Fractional coordinates, (n_sites, 3) float64.
    """

    lattice: np.ndarray
    atomic_numbers: np.ndarray
    frac_coords: np.ndarray


def to_structure(lattice: Floats, atomic_numbers: Iterable[int], frac_coords: Floats) -> Structure:
    """Build a pymatgen structure.

    Parameters
    ----------
    lattice
        (3, 3) or (9,), Å.
    atomic_numbers
        (n_sites,).
    frac_coords
        (n_sites, 3) or flattened.
    """
    species = [Element.from_Z(int(number)) for number in atomic_numbers]
    return Structure(np.reshape(lattice, (3, 3)), species, np.reshape(frac_coords, (-1, 3)))
