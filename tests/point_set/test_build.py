import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pymatgen.core.structure import Structure

from unlabelled import tables
from unlabelled.point_set.build import build
from unlabelled.point_set.point_set import point_set
from unlabelled.point_set.shards import identifiers, read_shards
from unlabelled.point_set.supercell import Supercell
from unlabelled.structures import schema


@pytest.fixture
def table(materials, tmp_path):
    """Crystal table: three fit, one is too large, one lacks a site input, one is too heavy."""
    lattice = materials["NaCl"].lattice.matrix * 2
    odd = {
        "helium": Structure(lattice, ["He", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
        "fermium": Structure(lattice, ["Fm", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
    }
    crystals = {name: materials[name] for name in ("NaCl", "quartz", "TiO2", "SrTiO3")} | odd
    rows = [
        {
            "material_id": name,
            "formula_reduced": crystal.composition.reduced_formula,
            "elements": sorted(e.symbol for e in crystal.composition.elements),
            "n_sites": len(crystal),
            "space_group": 1,
            "volume": crystal.volume,
            "lattice": crystal.lattice.matrix.ravel(),
            "atomic_numbers": crystal.atomic_numbers,
            "frac_coords": crystal.frac_coords.ravel(),
            "source": "made",
        }
        for name, crystal in crystals.items()
    ]
    path = tmp_path / "crystals.parquet"
    tables.write(pd.DataFrame(rows), path, schema.crystals({}), {})
    return path


def test_no_crystal_pays_for_compilation(table, tmp_path):
    """Kernels are ready before there are workers; in a process that has compiled nothing else."""
    code = (
        "import sys; from pathlib import Path; from tests.point_set.test_build import run; "
        "from unlabelled.point_set import kernels; "
        "run(Path(sys.argv[1]), Path(sys.argv[2]), processes=1); "
        "assert kernels.smaller_cell.signatures and kernels.shortest_images.signatures"
    )
    command = [sys.executable, "-c", code, str(table), str(tmp_path / "sets")]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2])


def run(table, folder, processes=2, **options):
    settings = {
        "max_sites": 6,
        "max_atoms": 50,
        "supercell": Supercell.NEAR_CUBIC,
        "crystals_per_shard": 2,
        "seconds_per_crystal": 60,
        "memory_mb_per_crystal": 1000,
    }
    return build(
        table,
        folder,
        folder.with_suffix(".rejected.parquet"),
        source="made",
        processes=processes,
        provenance={},
        **settings | options,
    )


def test_every_crystal_is_a_point_set_or_a_reject_with_its_reason(table, materials, tmp_path):
    folder = tmp_path / "sets"
    assert run(table, folder) == 3
    built = dict(read_shards([folder]))
    assert list(built) == list(identifiers(folder)) == ["NaCl", "TiO2", "SrTiO3"]
    assert sorted(path.name for path in folder.iterdir()) == [
        "part-00000.arrow",
        "part-00001.arrow",
    ]
    expected = point_set(materials["TiO2"], 6, 50)
    assert (built["TiO2"].distances == expected.distances).all()
    rejects = tables.read(folder.with_suffix(".rejected.parquet")).set_index("entry")
    assert rejects["reason"].to_dict() == {
        "quartz": "too many sites",
        "helium": "missing feature",
        "fermium": "unsupported element",
    }
    assert rejects.loc["helium", "message"].startswith("He has no ")
    assert set(rejects["stage"]) == {"point_sets"}


def test_the_supercell_is_the_one_asked_for(table, materials, tmp_path):
    run(table, tmp_path / "sets", supercell=Supercell.SYMMETRIC)
    built = dict(read_shards([tmp_path / "sets"]))
    for name, point in built.items():
        expected = point_set(materials[name], 6, 50, Supercell.SYMMETRIC)
        np.testing.assert_array_equal(point.distances, expected.distances)
    assert built["NaCl"].n_supercell == 32  # near-cubic: 36


def test_the_outcome_does_not_depend_on_the_number_of_processes(table, tmp_path):
    for processes in (1, 3):
        run(table, tmp_path / f"by{processes}", processes)
    shards = [[p.read_bytes() for p in sorted((tmp_path / f"by{n}").iterdir())] for n in (1, 3)]
    assert shards[0] == shards[1]


def test_a_dataset_without_point_sets_has_an_empty_shard(table, tmp_path):
    assert run(table, tmp_path / "none", max_sites=1) == 0
    assert list(identifiers(tmp_path / "none")) == []
    assert len(list((tmp_path / "none").iterdir())) == 1
