"""What commands are tried on: crystals with a property that can be learnt, and a small cache."""

import csv
from itertools import product

import numpy as np
import pandas as pd
import pytest
from pymatgen.core import Element, Lattice, Structure

from unlabelled import default_study, study
from unlabelled.phase_field.fields import ELEMENTS

CATIONS = ["Li", "Na", "K", "Rb", "Cs", "Mg", "Ca", "Sr", "Ba", "Cu", "Ag"]
ANIONS = ["F", "Cl", "Br", "I", "O", "S"]


@pytest.fixture(scope="session")
def salts(rock_salt):
    """Rock salts by formula, as large as the radii of their atoms ask for."""
    found = {}
    for cation, anion in product(CATIONS, ANIONS):
        a = 2 * float(Element(cation).atomic_radius + Element(anion).atomic_radius)
        found[cation + anion] = rock_salt(cation, anion, a)
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
    tungsten = Structure(Lattice.cubic(3.16), ["W", "W"], [[0, 0, 0], [0.5, 0.5, 0.5]])
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


METALS = ["Li", "Na", "K", "Rb", "Mg", "Ca", "Sr", "Ba", "Al", "Ga", "In", "Zn"]
NONMETALS = ["O", "S", "Se", "Te", "F", "Cl", "Br", "I", "N", "P"]


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Elements with three properties, and reported compounds of two and three elements."""
    folder = tmp_path_factory.mktemp("cache")
    config, sources = default_study.read()
    random = np.random.default_rng(0)
    pairs = [f"{metal}{anion}2" for metal in METALS[::2] for anion in NONMETALS[::2]]
    formulas = [*pairs, *(f"{one}Fe2" for one in pairs)]
    for name in config["phase_fields"]["reported"]:
        for source in config["collections"][name]["sources"]:
            path = folder / study.raw_data(source, sources[source], "unlabelled")
            path.parent.mkdir(parents=True)
            labels = list(sources[source]["read"]["labels"].values())
            rows = [[formula, *(1 for _ in labels)] for formula in formulas]
            header = [sources[source]["read"]["formula"], *(label["column"] for label in labels)]
            with path.open("w", newline="") as file:
                csv.writer(file).writerows([header, *rows])
    path = folder / study.raw_data("magpie", sources["magpie"], "unlabelled")
    path.parent.mkdir(parents=True)
    rows = [[symbol, *random.normal(size=3)] for symbol in ELEMENTS]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["element", "a", "b", "c"], *rows])
    return folder


@pytest.fixture
def properties(tmp_path):
    """A table in which compounds with fluorine have large values; some rows cannot be read."""
    random = np.random.default_rng(1)
    rows = ["formula,Tc"]
    for metal in METALS:
        for anion in NONMETALS:
            value = (30 if anion == "F" else 3) + random.random()
            rows.append(f"{metal}{anion},{value:.3f}")
            rows.append(f"{metal}Cu2{anion}3,{value + 1:.3f}")
    rows += ["Xx2,3", "MnO,hot", "FeRa,4"]
    path = tmp_path / "tc.csv"
    path.write_text("\n".join(rows))
    return path
