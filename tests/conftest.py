"""Crystals by name, shared by all tests."""

import warnings

import pytest
from pymatgen.core import Lattice, Structure

warnings.filterwarnings("ignore", module="pymatgen")


def pytest_collection_modifyitems(items):
    """Begin with what takes longest, so that it does not keep others waiting at the end."""
    items.sort(key=lambda item: item.get_closest_marker("workflow") is None)


def spacegroup(symbol, lattice, species, coords):
    return Structure.from_spacegroup(symbol, lattice, species, coords)


def _materials():
    cubic, hexagonal = Lattice.cubic, Lattice.hexagonal
    return {
        "NaCl": spacegroup("Fm-3m", cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
        "CsCl": spacegroup("Pm-3m", cubic(4.11), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
        "diamond": spacegroup("Fd-3m", cubic(3.567), ["C"], [[0, 0, 0]]),
        "Fe": spacegroup("Im-3m", cubic(2.866), ["Fe"], [[0, 0, 0]]),
        "TiO2": spacegroup(
            "P4_2/mnm",
            Lattice.tetragonal(4.594, 2.959),
            ["Ti", "O"],
            [[0, 0, 0], [0.305, 0.305, 0]],
        ),
        "SrTiO3": spacegroup(
            "Pm-3m", cubic(3.905), ["Sr", "Ti", "O"], [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0]]
        ),
        "quartz": spacegroup(
            "P3_121",
            hexagonal(4.913, 5.405),
            ["Si", "O"],
            [[0.4697, 0, 1 / 3], [0.4133, 0.2672, 0.2144]],
        ),
        "ZnO": spacegroup(
            "P6_3mc",
            hexagonal(3.25, 5.207),
            ["Zn", "O"],
            [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.382]],
        ),
        # no symmetry at all
        "triclinic": Structure(
            Lattice.from_parameters(4.1, 5.3, 6.2, 81, 97, 104),
            ["Li", "Mn", "O", "O", "F"],
            [
                [0.02, 0.07, 0.05],
                [0.51, 0.44, 0.52],
                [0.2, 0.7, 0.3],
                [0.75, 0.2, 0.8],
                [0.3, 0.25, 0.75],
            ],
        ),
    }


@pytest.fixture(scope="session")
def materials():
    """Crystals by name: cubic, tetragonal, hexagonal, elemental, without symmetry."""
    return _materials()
