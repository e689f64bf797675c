"""The nine inputs of a site.

Eight elemental properties of the Magpie set (Ward et al., npj Comput. Mater. 2, 16028, 2016; values
as distributed with matminer, BSD licence) times fixed scalers, and the oxidation state. The
crystals here carry no oxidation states, so the ninth input is zero, as it is for the study's data.
"""

import csv
from functools import cache
from pathlib import Path

import numpy as np

ELEMENTS = Path(__file__).with_name("elements.csv")

#: Magpie property -> scaler, in the order of the inputs (the study's configuration files).
SCALERS = {
    "Number": 0.1,
    "AtomicWeight": 0.1,  # u
    "Row": 1.0,
    "Column": 1.0,
    "FirstIonizationEnergy": 1.0,  # eV
    "Electronegativity": 10.0,  # Pauling
    "AtomicRadius": 10.0,  # Å
    "Density": 0.001,  # kg/m³
}

N_FEATURES = len(SCALERS) + 1
MAX_ATOMIC_NUMBER = 99


@cache
def element_table() -> np.ndarray:
    """Scaled site inputs of every element.

    Returns
    -------
    numpy.ndarray
        Shape (100, 9), float64, read-only; row Z belongs to atomic number Z, row 0 is NaN. NaN
        where Magpie has no value; the ninth column is 0.
    """
    table = np.full((MAX_ATOMIC_NUMBER + 1, N_FEATURES), np.nan)
    table[1:, -1] = 0.0
    with ELEMENTS.open(newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            for column, (name, scaler) in enumerate(SCALERS.items()):
                if row[name]:
                    table[number, column] = float(row[name]) * scaler
    table.setflags(write=False)
    return table


@cache
def elements_without_features() -> dict[int, tuple[str, ...]]:
    """Atomic numbers up to 99 with a missing input, and the names of what is missing."""
    missing = np.isnan(element_table())
    names = list(SCALERS)
    return {
        number: tuple(names[column] for column in np.flatnonzero(missing[number]))
        for number in range(1, MAX_ATOMIC_NUMBER + 1)
        if missing[number].any()
    }
