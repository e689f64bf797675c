import numpy as np
import pytest
from pymatgen.core import Element

from unlabelled.point_set.features import SCALERS, element_table, elements_without_features

# Specification: raw values of Na, O and Fe, in the order of the inputs.
RAW = {
    "Na": [11, 22.99, 3, 1, 5.14, 0.93, 1.8, 968],
    "O": [8, 16.00, 2, 16, 13.62, 3.44, 0.6, 1.429],
    "Fe": [26, 55.85, 4, 8, 7.90, 1.83, 1.4, 7874],
}


@pytest.mark.parametrize("symbol", RAW)
def test_inputs_are_the_scaled_properties(symbol):
    inputs = element_table()[Element(symbol).Z]
    raw = inputs[:8] / np.array(list(SCALERS.values()))
    np.testing.assert_allclose(raw, RAW[symbol], rtol=1e-3)
    assert inputs[8] == 0  # no oxidation state


def test_row_belongs_to_the_atomic_number():
    np.testing.assert_allclose(element_table()[1:, 0], 0.1 * np.arange(1, 100))


def test_missing_values_are_those_of_the_specification():
    missing = elements_without_features()
    by_property = {
        name: {z for z, names in missing.items() if name in names}
        for name in ("AtomicRadius", "Electronegativity", "Density", "FirstIonizationEnergy")
    }
    assert by_property == {
        "AtomicRadius": {2, 10, 36, 54, 85, 86, 87, 96, 97, 98, 99},
        "Electronegativity": {2, 10, 18, 86},
        "Density": {85, 87, 99},
        "FirstIonizationEnergy": {85},
    }
