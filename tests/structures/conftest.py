"""Small real crystals as entries of every format."""

import json
from collections.abc import Callable

import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure
from pymatgen.io.cif import CifWriter
from pymatgen.io.vasp.inputs import Poscar

from unlabelled.sources.entry import Entry


def rock_salt(a: float = 5.69, cation: str = "Na", anion: str = "Cl") -> Structure:
    fcc = [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
    holes = [[0.5, 0.5, 0.5], [0.5, 0, 0], [0, 0.5, 0], [0, 0, 0.5]]
    return Structure(Lattice.cubic(a), [cation] * 4 + [anion] * 4, fcc + holes)


def caesium_chloride(a: float = 3.5, cation: str = "Na", anion: str = "Cl") -> Structure:
    return Structure(Lattice.cubic(a), [cation, anion], [[0, 0, 0], [0.5, 0.5, 0.5]])


def as_entry(name: str, structure: Structure, kind: str = "structure_dict", **more) -> Entry:
    text = {
        "structure_dict": lambda: json.dumps(structure.as_dict()),
        "cif": lambda: str(CifWriter(structure)),
        "poscar": lambda: Poscar(structure).get_str(),
    }[kind]()
    return Entry(name, text, kind, **more)


@pytest.fixture
def salts() -> list[Entry]:
    """Twelve different alkali halides."""
    return [
        as_entry(f"{cation}{anion}", rock_salt(5 + i / 10, cation, anion), labels={"gap": float(i)})
        for i, (cation, anion) in enumerate(
            (c, a) for c in ["Li", "Na", "K"] for a in ["F", "Cl", "Br", "I"]
        )
    ]


@pytest.fixture
def run(tmp_path) -> Callable:
    """Build tables in a temporary folder with small defaults."""
    from unlabelled.structures.build import build

    def call(entries, folder="out", **more):
        settings = {
            "max_sites": 50,
            "required_label": None,
            "duplicates": False,
            "processes": 1,
            "limit": None,
            "seed": 7,
            "provenance": {"source": "test"},
            "max_text_mb": 20,
            "seconds_per_entry": 60,
            "memory_mb_per_entry": 1000,
        } | more
        out = tmp_path / folder
        counts = build(
            lambda: iter(entries),
            "test",
            {"gap": "eV"},
            out / "crystals.parquet",
            out / "rejects.parquet",
            **settings,
        )
        return counts, out / "crystals.parquet", out / "rejects.parquet"

    return call
