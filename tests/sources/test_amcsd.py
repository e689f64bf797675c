import base64
import json
import sqlite3

import numpy as np
import pytest
from pymatgen.core import Composition, Structure

from unlabelled.errors import SourceError
from unlabelled.sources import amcsd

FCC = ["x,y,z", "x,1/2+y,1/2+z", "1/2+x,y,1/2+z", "1/2+x,1/2+y,z"]


def stored(values):
    scaled = np.round(np.array(values, dtype=float) * 4e6).astype("<i4")
    return base64.b64encode(scaled.tobytes()).decode()


ROCK_SALT = {
    "formula": "Pb S",
    "cell": ["5.93", "5.93", "5.93", "90", "90", "90"],
    "sites": ["Pb", "S"],
    "xyz": [[0, 0.5], [0, 0.5], [0, 0.5]],
    "occupancy": None,
    "operations": FCC,
}


@pytest.fixture
def read(tmp_path):
    """Read one row, made of the rock salt's and some changes."""

    def one(**changes):
        row = {**ROCK_SALT, **changes}
        path = tmp_path / "amcsd.db"
        path.unlink(missing_ok=True)
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE spacegroups (id INTEGER, symmetry_xyz TEXT)")
            database.execute(
                "CREATE TABLE cif (id INTEGER, spacegroup_id INTEGER, formula TEXT, a TEXT, b TEXT,"
                "c TEXT, alpha TEXT, beta TEXT, gamma TEXT, atoms_sites TEXT, atoms_x TEXT,"
                "atoms_y TEXT, atoms_z TEXT, atoms_occupancy TEXT)"
            )
            if row["operations"] is not None:
                operations = json.dumps(row["operations"])
                database.execute("INSERT INTO spacegroups VALUES (3, ?)", [operations])
            occupancy = "0" if row["occupancy"] is None else stored(row["occupancy"])
            values = [15, 3, row["formula"], *row["cell"], json.dumps(row["sites"])]
            values += [*map(stored, row["xyz"]), occupancy]
            database.execute(f"INSERT INTO cif VALUES ({','.join('?' * len(values))})", values)
        database.close()
        (entry,) = amcsd.entries("minerals", path)
        return entry

    return one


def test_a_row_becomes_the_structure(read):
    entry = read()
    assert (entry.name, entry.format, entry.formula) == ("0000015", "cif", "Pb S")
    assert entry.error is None
    structure = Structure.from_str(entry.text, fmt="cif")
    assert structure.composition == Composition("Pb4S4")
    assert structure.lattice.abc == pytest.approx((5.93,) * 3)
    assert structure.get_space_group_info()[1] == 225


def test_general_positions_keep_six_digits(read):
    xyz = [[0.123456, -0.2], [0.333333, 0.75], [0.25, 1.1]]
    entry = read(xyz=xyz, operations=["x,y,z"], cell=["4.1(2)", "5", "6", "80", "90", "100.5(1)"])
    structure = Structure.from_str(entry.text, fmt="cif")
    expected = np.array(xyz).T % 1
    np.testing.assert_allclose(structure.frac_coords % 1, expected, atol=1e-6)
    assert structure.lattice.gamma == pytest.approx(100.5)


def test_partial_occupancy(read):
    entry = read(
        formula="(Mg.25 Fe.75) O",
        sites=["MgM1", "FeM1", "O"],
        xyz=[[0, 0, 0.5]] * 3,
        occupancy=[0.25, 0.75, 1],
    )
    structure = Structure.from_str(entry.text, fmt="cif")
    assert not structure.is_ordered
    assert structure.composition.almost_equals(Composition("MgFe3O4"))


@pytest.mark.parametrize(
    ("formula", "label", "symbol"),
    [
        ("Ca S", "Cal", "Ca"),
        ("O S", "Oc2", "O"),
        ("O Si S", "OSi", "O"),
        ("O S", "O-H", "O"),
        ("N S", "Nb1", "N"),
        ("Am S", "Am1", "Am"),
        ("Al S", "Am1", None),  # an Al site on M, not americium; but the label does not say Al
        ("P S", "Po", "P"),
        ("D S", "D1", "D"),
        ("Fe S", "FeMe", "Fe"),
        ("Fe3+ S", "Fe3+T", "Fe"),
    ],
)
def test_labels_become_elements_of_the_formula_only(read, formula, label, symbol):
    entry = read(formula=formula, sites=[label, "S"])
    if symbol:
        assert f"\n{symbol}1 {symbol} 0.000000 " in entry.text
        assert entry.error is None
    else:
        assert f"{label!r} names no element of the stated formula" in entry.error


@pytest.mark.parametrize(
    ("formula", "label"),
    [
        ("N S", "NH4"),
        ("N S", "Nh4"),
        ("W O H S", "Wat3"),
        ("C O S", "CO3"),
        ("C S", "CH4-5"),
        ("H O S", "H2OA"),
        ("Fe Cu S", "FeCu"),
        ("As S", "AsSb"),
    ],
)
def test_labels_of_several_atoms_are_refused(read, formula, label):
    entry = read(formula=formula, sites=[label, "S"])
    assert entry.text == ""
    assert f"the site {label!r} stands for" in entry.error


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"xyz": [[0, 2.0], [0, 0.5], [0, 0.5]]}, "the site 'S' lacks a coordinate"),
        ({"xyz": [[3.0, 0.5], [0, 0.5], [0, 0.5]]}, "the site 'Pb' lacks a coordinate"),
        ({"occupancy": [1, 2.0]}, "the site 'S' lacks a coordinate or its occupancy"),
        ({"xyz": [[0], [0, 0.5], [0, 0.5]]}, "2 sites are named but 1 have a coordinate x"),
        ({"xyz": [[0, 60], [0, 0.5], [0, 0.5]]}, "the site 'S' has the fractional coordinate 60.0"),
        ({"sites": "<missing>"}, "no sites are given"),
        ({"sites": []}, "no sites are given"),
        ({"operations": None}, "no symmetry operations are given"),
        ({"operations": ["x,y,z", "x'\ndata_"]}, "is not a symmetry operation"),
        ({"cell": ["3,2518", "1", "1", "90", "90", "90"]}, "the cell's a is '3,2518'"),
        ({"cell": ["1", None, "1", "90", "90", "90"]}, "the cell's b is None"),
        ({"formula": None}, "(none is stated)"),
    ],
)
def test_incomplete_rows_stay_visible(read, changes, expected):
    entry = read(**changes)
    assert entry.name == "0000015"
    assert entry.text == ""
    assert expected in entry.error


def test_not_the_database(tmp_path):
    with pytest.raises(SourceError, match="does not exist"):
        list(amcsd.entries("minerals", tmp_path / "absent"))
    (tmp_path / "raw").write_text("no database, but long enough to have a header " * 10)
    with pytest.raises(SourceError, match="is not the AMCSD"):
        list(amcsd.entries("minerals", tmp_path / "raw"))
    sqlite3.connect(tmp_path / "other").execute("CREATE TABLE x (y)").connection.close()
    with pytest.raises(SourceError, match="no such table"):
        list(amcsd.entries("minerals", tmp_path / "other"))
