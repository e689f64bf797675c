"""Crystals of one's own: files, and a property of them that can be learnt."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from pymatgen.core import Element, Lattice, Structure

from unlabelled.commands import main

CATIONS = ["Li", "Na", "K", "Rb", "Cs", "Mg", "Ca", "Sr", "Ba", "Cu", "Ag"]
ANIONS = ["F", "Cl", "Br", "I", "O", "S"]


@pytest.fixture(scope="session")
def call():
    """Run a command in this process and return what it printed."""

    def run(*arguments, status=0):
        done = CliRunner().invoke(main, [str(argument) for argument in arguments])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == status, done.output
        return done

    return run


@pytest.fixture(scope="session")
def salts():
    """Rock salts by formula, as large as the radii of their atoms ask for."""
    found = {}
    for cation, anion in product(CATIONS, ANIONS):
        a = 2 * float(Element(cation).atomic_radius + Element(anion).atomic_radius)
        coordinates = [[0, 0, 0], [0.5, 0.5, 0.5]]
        found[cation + anion] = Structure.from_spacegroup(
            "Fm-3m", Lattice.cubic(a), [cation, anion], coordinates
        )
    return found


@pytest.fixture(scope="session")
def files(salts, tmp_path_factory):
    """Folder `cifs` of the salts and a damaged file, `others` of two crystals, `labels.csv`."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "cifs").mkdir()
    for name, structure in salts.items():
        structure.to(filename=str(folder / "cifs" / f"{name}.cif"))
    (folder / "cifs" / "broken.cif").write_text("data_broken\n_cell_length_a 4\n")
    (folder / "others").mkdir()
    salts["NaCl"].to(filename=str(folder / "others" / "POSCAR_NaCl"), fmt="poscar")
    tungsten = Structure.from_spacegroup("Im-3m", Lattice.cubic(3.16), ["W"], [[0, 0, 0]])
    tungsten.to(filename=str(folder / "others" / "W.cif"))
    random = np.random.default_rng(0)
    values = [structure.lattice.a + 0.05 * random.standard_normal() for structure in salts.values()]
    labels = pd.DataFrame({"name": list(salts), "length": values})
    labels.iloc[:-4].to_csv(folder / "labels.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def encoder(files, call, tmp_path_factory):
    """Folder of an encoder trained on the salts for two epochs."""
    folder = tmp_path_factory.mktemp("encoder") / "mine"
    call("pretrain", files / "cifs", "--epochs", 2, "-o", folder)
    return folder
