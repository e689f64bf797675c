import logging
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pymatgen.analysis.local_env import VoronoiNN
from pymatgen.core import Element, Lattice, Structure
from scipy import constants

from unlabelled import tables
from unlabelled.errors import UserError
from unlabelled.label_masking.describe import describe, schema
from unlabelled.label_masking.descriptors import (
    DESCRIPTORS,
    MAGPIE_PROPERTIES,
    dummy,
    element_statistics,
    magpie_statistics,
    orbital_field_matrix,
    read_elements,
    valence_occupations,
    xrd_pattern,
)
from unlabelled.point_set.features import element_table
from unlabelled.sources import catalogue
from unlabelled.sources.fetch import fetch
from unlabelled.structures import schema as crystal_schema

SYMBOLS = ["O", "Na", "Al", "Cl", "Sr", "Ti", "Si"]


@pytest.fixture
def elements(tmp_path):
    """Properties of a few elements: the k-th is (k + 1) Z, so all differ."""
    rows = [
        {"element": symbol}
        | {name: (k + 1) * Element(symbol).Z for k, name in enumerate(MAGPIE_PROPERTIES)}
        for symbol in SYMBOLS
    ]
    path = tmp_path / "elements.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


@pytest.fixture
def vector(elements):
    """Vector of a descriptor, whether or not it needs the elements."""

    def of(name, structure):
        more = [read_elements(elements)] if DESCRIPTORS[name].needs_elements else []
        return DESCRIPTORS[name].function(structure, *more)

    return of


def number_statistics(structure, elements):
    names = ["minimum", "maximum", "range", "mean", "deviation", "mode"]
    return dict(zip(names, magpie_statistics(structure, read_elements(elements))[:6], strict=True))


def positions(*names):
    """Places in the vector of valence occupations, by name: s1, p5, d10, f14, period3, ..."""
    orbitals = [
        f"{o}{n}"
        for o, size in (("s", 2), ("p", 6), ("d", 10), ("f", 14))
        for n in range(1, size + 1)
    ]
    places = [*orbitals, *(f"period{n}" for n in range(1, 8))]
    return [places.index(name) for name in names]


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_vectors_have_their_length_and_depend_neither_on_cell_nor_order_nor_origin(
    name, materials, vector
):
    for material in ("NaCl", "SrTiO3"):
        crystal = materials[material]
        primitive = crystal.get_primitive_structure()
        expected = vector(name, crystal)
        assert expected.shape == (DESCRIPTORS[name].length,)
        assert expected.dtype == np.float64
        order = np.random.default_rng(0).permutation(len(crystal))
        species, coords = crystal.species, crystal.frac_coords
        shift, whole = np.array([0.31, -0.47, 0.12]), np.array([1e-17, 1, 0])
        others = {
            "primitive cell": primitive,
            "supercell": primitive * (1, 2, 1),
            "order": Structure(crystal.lattice, [species[i] for i in order], coords[order]),
            "origin": Structure(crystal.lattice, species, coords + shift),
            "outside of the cell": Structure(crystal.lattice, species, coords - whole),
        }
        for what, other in others.items():
            np.testing.assert_allclose(vector(name, other), expected, atol=1e-8, err_msg=what)


def test_the_dummy_says_nothing(materials):
    assert dummy(materials["NaCl"]) == [0]


def test_element_statistics_of_rock_salt_and_of_an_element(materials):
    na, cl = element_table()[[11, 17], :8]
    mean, spread, low, high = element_statistics(materials["NaCl"]).reshape(4, 8)
    np.testing.assert_allclose(mean, (na + cl) / 2)
    np.testing.assert_allclose(spread, abs(na - cl) / 2)
    np.testing.assert_allclose(low, np.minimum(na, cl))
    np.testing.assert_allclose(high, np.maximum(na, cl))
    carbon = element_table()[6, :8]
    expected = np.concatenate([carbon, np.zeros(8), carbon, carbon])
    np.testing.assert_allclose(element_statistics(materials["diamond"]), expected, atol=1e-12)


def test_environment_statistics_of_rock_salt_and_of_an_element(materials):
    vector = DESCRIPTORS["environment_statistics"].function
    rock_salt = vector(materials["NaCl"]).reshape(4, 15)
    # at a/2 6 of the other element, at √2 a/2 12 of the same, at √3 a/2 8 of the other, then none
    shells = np.array([6, 12, 8]) * (np.exp(-3 * np.array([0, 1, 2.0])) - np.exp(-9))
    shares = shells / shells.sum()
    at = 2.82 * np.sqrt([1, 2, 3])
    unlike = np.array([True, False, True])
    other = shares[unlike].sum()
    for statistic in (0, 2, 3):
        np.testing.assert_allclose(rock_salt[statistic, 0], 0.1 * (17 - 11) * other)
        expected = [2.82, shares @ at, np.log(shells.sum())]
        np.testing.assert_allclose(rock_salt[statistic, 8:11], expected, rtol=1e-6)
    # atomic radii: Na 1.8 Å, Cl 1 Å; electronegativities: Na 0.93, Cl 3.16
    relative = [at / np.where(unlike, 2.8, 2 * own) for own in (1.8, 1.0)]
    of_sites = [[r.min(), shares @ r] for r in relative]
    charge = (3.16 - 0.93) * other
    attraction = charge**2 * shares @ (np.where(unlike, 1, -1) / at)
    sites = np.column_stack([of_sites, [charge, -charge], [attraction, attraction]])
    for row, statistic in zip(rock_salt[:, 11:], (np.mean, np.std, np.min, np.max), strict=True):
        np.testing.assert_allclose(row, statistic(sites, axis=0), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(rock_salt[1, :11], 0, atol=1e-7)
    iron = vector(materials["Fe"]).reshape(4, 15)
    assert not iron[:, :8].any()
    assert not iron[:, 13:].any()


def test_distant_neighbours_are_found():
    dilute = Structure(Lattice.cubic(9.5), ["Ar"], [[0, 0, 0]]).copy()
    dilute.replace(0, "Na")
    assert DESCRIPTORS["environment_statistics"].function(dilute)[8] == pytest.approx(9.5)


def test_magpie_statistics_weigh_by_atomic_fraction(elements):
    corundum = Structure(
        Lattice.cubic(9), ["Al", "Al", "O", "O", "O"], [[0, 0, i / 5] for i in range(5)]
    )
    assert number_statistics(corundum, elements) == pytest.approx(
        {"minimum": 8, "maximum": 13, "range": 5, "mean": 10, "deviation": 2.4, "mode": 8}
    )
    statistics = magpie_statistics(corundum, read_elements(elements)).reshape(22, 6)
    np.testing.assert_allclose(statistics, statistics[0] * np.arange(1, 23)[:, None])


def test_of_equally_abundant_elements_the_mode_is_the_smallest_value(materials, elements):
    assert number_statistics(materials["NaCl"], elements) == pytest.approx(
        {"minimum": 11, "maximum": 17, "range": 6, "mean": 14, "deviation": 3, "mode": 11}
    )


def test_an_element_without_a_value_is_named(materials, elements):
    with pytest.raises(ValueError, match="a property of Zn is not known"):
        magpie_statistics(materials["ZnO"], read_elements(elements))
    frame = pd.read_csv(elements)
    frame["MeltingT"] = frame["MeltingT"].astype(object)
    frame.loc[frame["element"] == "Cl", "MeltingT"] = ""
    frame.to_csv(elements, index=False)
    with pytest.raises(ValueError, match="a property of Cl is not known"):
        magpie_statistics(materials["NaCl"], read_elements(elements))


@pytest.mark.parametrize(
    ("column", "value"), [("element", "Xx"), ("Row", "two"), ("Row", None), ("element", None)]
)
def test_a_file_that_is_no_table_of_elements(elements, column, value):
    frame = pd.read_csv(elements).drop(columns=column)
    if value:
        frame[column] = value
    frame.to_csv(elements, index=False)
    with pytest.raises(UserError, match=r"elements\.csv cannot be read as a table of element"):
        read_elements(elements)


@pytest.mark.registry
def test_the_table_of_the_registry_is_whole_and_not_scaled(tmp_path):
    root = Path(__file__).parents[2]
    schemas = root / "workflow/schemas"
    specs = catalogue.load(root / "resources/sources.yaml", schemas / "sources.schema.yaml")
    fetch("magpie", specs["magpie"], tmp_path / "magpie.csv", [])
    values = read_elements(tmp_path / "magpie.csv")
    assert np.flatnonzero(np.isfinite(values).all(axis=1)).tolist() == list(range(1, 98))
    assert np.isnan(values[98:]).all()
    hydrogen = dict(zip(MAGPIE_PROPERTIES, values[1], strict=True))
    assert hydrogen["AtomicWeight"] == 1.00794
    np.testing.assert_allclose(values[:98, 0], [np.nan, *range(1, 98)])


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("H", ["s1", "period1"]),
        ("Na", ["s1", "period3"]),
        ("Cl", ["s2", "p5", "period3"]),
        ("Fe", ["s2", "d6", "period4"]),
        ("Pd", ["d10", "period5"]),
        ("In", ["s2", "p1", "d10", "period5"]),
        ("Cs", ["s1", "period6"]),
        ("La", ["s2", "d1", "period6"]),
        ("Gd", ["s2", "d1", "f7", "period6"]),
        ("Yb", ["s2", "f14", "period6"]),
        ("Hf", ["s2", "d2", "f14", "period6"]),
        ("Pb", ["s2", "p2", "d10", "f14", "period6"]),
        ("Ra", ["s2", "period7"]),
        ("U", ["s2", "d1", "f3", "period7"]),
    ],
)
def test_valence_occupations(symbol, expected):
    occupied = np.flatnonzero(valence_occupations(Element(symbol)))
    assert occupied.tolist() == positions(*expected)


def test_every_element_of_a_crystal_table_has_a_valence():
    for number in range(1, 100):
        vector = valence_occupations(Element.from_Z(number))
        assert vector[:32].any(), number
        assert vector[32:].sum() == 1


def test_orbital_field_of_rock_salt(materials):
    # Six neighbours of the other kind at half the lattice constant, all faces alike.
    field = 6 / 2.82
    na, cl = (valence_occupations(Element(symbol)) for symbol in ("Na", "Cl"))
    expected = field * (np.outer(cl, na) + np.outer(na, cl)) / 2
    matrix = orbital_field_matrix(materials["NaCl"]).reshape(39, 39)
    np.testing.assert_allclose(matrix, expected, atol=1e-10)
    s1, p5, period3 = positions("s1", "p5", "period3")
    assert matrix[p5, s1] == pytest.approx(field / 2)
    assert matrix[period3, period3] == pytest.approx(field)
    assert matrix[s1, s1] == 0


def test_orbital_field_of_caesium_chloride(materials):
    # The Voronoi cell is a truncated octahedron: 8 hexagons towards the other element, 6 squares
    # towards the same. A square of side sqrt(2)/4 at 1/2 covers 4 arcsin(1/9).
    square = 4 * math.asin(1 / 9)
    hexagon = (4 * math.pi - 6 * square) / 8
    unlike, like = 8 / (math.sqrt(3) / 2 * 4.11), 6 * square / hexagon / 4.11
    cs, cl = (valence_occupations(Element(symbol)) for symbol in ("Cs", "Cl"))
    expected = (
        unlike * (np.outer(cl, cs) + np.outer(cs, cl))
        + like * (np.outer(cs, cs) + np.outer(cl, cl))
    ) / 2
    matrix = orbital_field_matrix(materials["CsCl"]).reshape(39, 39)
    np.testing.assert_allclose(matrix, expected, atol=1e-10)


def test_orbital_field_of_diamond_is_that_of_matminer():
    # The crystal and the value of matminer's tests; it converts to 1/bohr by the "angstrom star".
    lattice = Lattice([[2.189, 0, 1.264], [0.73, 2.064, 1.264], [0, 0, 2.528]])
    diamond = Structure(
        lattice,
        ["C", "C"],
        [[2.554, 1.806, 4.423], [0.365, 0.258, 0.632]],
        coords_are_cartesian=True,
    )
    unit = constants.value("Angstrom star") / constants.value("Bohr radius")
    matrix = orbital_field_matrix(diamond).reshape(39, 39) / unit
    occupied = positions("s2", "p2", "period2")
    np.testing.assert_allclose(matrix[np.ix_(occupied, occupied)], 1.4789015345821415, rtol=1e-8)
    assert np.count_nonzero(matrix) == 9


def test_rows_are_neighbours_and_columns_centres():
    crystal = Structure(
        Lattice.orthorhombic(3, 4, 9), ["Gd", "O", "O"], [[0, 0, 0], [0.4, 0.5, 0.3], [0, 0, 0.5]]
    )
    matrix = orbital_field_matrix(crystal).reshape(39, 39)
    neighbours = VoronoiNN(allow_pathological=True).get_nn_info(crystal, 0)
    field = sum(one["weight"] / one["site"].distance(crystal[0], [0, 0, 0]) for one in neighbours)
    (f7,) = positions("f7")
    # Every neighbour has one period, and only Gd has f7.
    assert matrix[32:, f7].sum() == pytest.approx(field / 3)
    assert matrix[f7, 32:].sum() != pytest.approx(field / 3, rel=1e-3)


def test_a_voronoi_cell_that_stays_open_is_refused():
    coords = [[1 / 3, 2 / 3, 0.4], [2 / 3, 1 / 3, 0.4], [1 / 3, 2 / 3, 0.6], [0, 0, 0.6]]
    layers = Structure(Lattice.hexagonal(2.46, 25), ["C"] * 4, coords)
    with pytest.raises(ValueError, match="a Voronoi cell with a solid angle of 0"):
        orbital_field_matrix(layers)


@pytest.mark.parametrize(
    ("material", "indices"), [("NaCl", (2, 0, 0)), ("CsCl", (1, 1, 0)), ("diamond", (1, 1, 1))]
)
def test_the_pattern_is_a_density_with_its_highest_peak_where_bragg_has_it(
    material, indices, materials
):
    pattern = xrd_pattern(materials[material])
    spacing = materials[material].lattice.a / np.linalg.norm(indices)
    angle = 2 * math.degrees(math.asin(1.54184 / (2 * spacing)))
    assert abs(pattern.argmax() - angle) <= 1
    assert pattern.sum() == pytest.approx(1, abs=0.05)
    assert pattern[:10].max() < 1e-6


@pytest.fixture
def crystals(materials, tmp_path):
    """Crystal table; the site inputs of helium are not known."""
    helium = Structure(Lattice.cubic(6), ["He", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    chosen = {"NaCl": materials["NaCl"], "helium": helium, "SrTiO3": materials["SrTiO3"]}
    return table_of(chosen, tmp_path / "crystals.parquet")


def table_of(crystals, path):
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
    columns = crystal_schema.crystals({})
    tables.write(pd.DataFrame(rows, columns=columns.names), path, columns, {})
    return path


def run(crystals, name, elements=None, processes=1):
    return describe(
        crystals,
        name,
        elements=elements,
        processes=processes,
        seconds_per_crystal=60,
        memory_mb_per_crystal=1000,
    )


def test_a_crystal_that_fails_gets_the_mean_of_the_others_and_is_named(crystals, materials, caplog):
    with caplog.at_level(logging.INFO):
        table = run(crystals, "element_statistics")
    assert "helium has no element_statistics: ValueError: a property of He is not" in caplog.text
    assert "element_statistics: 3 crystals, 1 without" in caplog.text
    assert table["material_id"].to_pylist() == ["NaCl", "helium", "SrTiO3"]
    vectors = np.array(table["embedding"].to_pylist())
    others = [element_statistics(materials[name]) for name in ("NaCl", "SrTiO3")]
    np.testing.assert_allclose(vectors[[0, 2]], others, rtol=1e-6)
    np.testing.assert_allclose(vectors[1], np.mean(others, axis=0), rtol=1e-6)


def test_numbers_that_are_not_finite_are_a_failure(crystals, elements, caplog):
    frame = pd.read_csv(elements).astype({"GSbandgap": float})
    frame.loc[frame["element"] == "Sr", "GSbandgap"] = math.inf
    frame.to_csv(elements, index=False)
    table = run(crystals, "magpie_statistics", elements)
    assert "SrTiO3 has no magpie_statistics: not all of its numbers are finite" in caplog.text
    vectors = np.array(table["embedding"].to_pylist())
    assert (vectors == vectors[0]).all()  # that of rock salt stands for all three


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_tables_follow_the_schema_whatever_the_number_of_processes(
    name, crystals, elements, tmp_path
):
    files = []
    for processes in (1, 3):
        table = run(crystals, name, elements, processes)
        files.append(tmp_path / f"{processes}.parquet")
        tables.write(table, files[-1], schema(DESCRIPTORS[name].length), {"descriptor": name})
    assert files[0].read_bytes() == files[1].read_bytes()
    frame = tables.read(files[0])
    assert frame["embedding"].map(len).eq(DESCRIPTORS[name].length).all()
    assert tables.provenance(files[0]) == {"descriptor": name}


def test_a_descriptor_that_fails_for_every_crystal(materials, elements, tmp_path):
    path = table_of({name: materials[name] for name in ("ZnO", "Fe")}, tmp_path / "c.parquet")
    with pytest.raises(
        UserError, match=r"magpie_statistics fails for all 2 crystals of .*ZnO: Val"
    ):
        run(path, "magpie_statistics", elements)


def test_an_unknown_descriptor_and_one_without_its_elements(crystals):
    with pytest.raises(UserError, match="no descriptor 'soap': known: dummy, element_statistics"):
        run(crystals, "soap")
    with pytest.raises(ValueError, match="needs a table of element properties"):
        run(crystals, "magpie_statistics")


def test_a_table_without_crystals_stays_empty(tmp_path):
    table = run(table_of({}, tmp_path / "none.parquet"), "xrd_pattern")
    tables.write(table, tmp_path / "out.parquet", schema(128), {})
    assert table.num_rows == 0
