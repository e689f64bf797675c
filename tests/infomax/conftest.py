import numpy as np
import pytest

from unlabelled.infomax.training import Crystals
from unlabelled.point_set.point_set import point_set
from unlabelled.point_set.quotient import every_site, quotient


@pytest.fixture(scope="session")
def form():
    """The form in which a variant sees point sets: by classes of sites, or by sites."""
    return lambda options: quotient if options.quotient else every_site


@pytest.fixture
def point_sets(materials):
    return [point_set(structure, 50, 50) for structure in materials.values()]


@pytest.fixture(scope="session")
def many(rock_salt):
    """Rock salts of several compositions and volumes, with a label."""
    crystals = [
        point_set(rock_salt(metal, anion, a), 50, 50)
        for a in np.linspace(4.2, 6.6, 10)
        for metal, anion in [("Na", "Cl"), ("Mg", "O"), ("K", "Br"), ("Li", "F")]
    ]
    return Crystals(crystals, np.linspace(-2, 1, len(crystals))[:, None])


@pytest.fixture(scope="session")
def crystals_for(many, form):
    """Those crystals as a variant is trained on them."""
    return lambda options: Crystals([form(options)(p) for p in many.point_sets], many.labels)
