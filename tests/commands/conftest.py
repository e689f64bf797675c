"""A cache of the user with small sources in it, so that nothing is fetched."""

import csv

import numpy as np
import pytest

from unlabelled import study
from unlabelled.commands.common import default_study
from unlabelled.phase_field.fields import ELEMENTS

METALS = ["Li", "Na", "K", "Rb", "Mg", "Ca", "Sr", "Ba", "Al", "Ga", "In", "Zn"]
ANIONS = ["O", "S", "Se", "Te", "F", "Cl", "Br", "I", "N", "P"]


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Elements with three properties, and reported compounds of two and three elements."""
    folder = tmp_path_factory.mktemp("cache")
    config, sources = default_study()
    random = np.random.default_rng(0)
    pairs = [f"{metal}{anion}2" for metal in METALS[::2] for anion in ANIONS[::2]]
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
        for anion in ANIONS:
            value = (30 if anion == "F" else 3) + random.random()
            rows.append(f"{metal}{anion},{value:.3f}")
            rows.append(f"{metal}Cu2{anion}3,{value + 1:.3f}")
    rows += ["Xx2,3", "MnO,hot", "FeRa,4"]
    path = tmp_path / "tc.csv"
    path.write_text("\n".join(rows))
    return path
