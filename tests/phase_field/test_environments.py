from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unlabelled import tables
from unlabelled.composition import collection
from unlabelled.composition.representations import Compositions
from unlabelled.errors import UserError
from unlabelled.phase_field import autoencoder, element_vectors, environments, vector_tables
from unlabelled.phase_field.fields import ELEMENTS
from unlabelled.sources.entry import FormulaEntry

NUMBERS = {"Li": 3, "O": 8, "Na": 11, "S": 16, "Cl": 17}


def compositions(*amounts):
    """Compositions given as dictionaries of amounts by atomic number."""
    return Compositions(
        np.array([number for one in amounts for number in one], int),
        np.array([amount for one in amounts for amount in one.values()], float),
        np.array([len(one) for one in amounts], int),
    )


def found_in(*formulas, max_elements=3):
    made = compositions(*({NUMBERS[s]: n for s, n in one.items()} for one in formulas))
    return environments.environments(made, np.ones(len(formulas), int), max_elements)


def row(found, symbol):
    return found.matrix[[ELEMENTS.index(symbol)]].toarray()[0]


def test_two_elements_have_one_environment_each():
    once = found_in({"Li": 2, "S": 1})
    again = found_in({"Li": 2, "S": 1}, {"S": 2, "Li": 4})
    merged = environments.environments(compositions({3: 2.0, 16: 1.0}), np.array([5]), 3)
    assert once.matrix.shape == again.matrix.shape == merged.matrix.shape == (87, 2)
    assert (row(once, "Li") + row(once, "S")).tolist() == [1, 1]
    assert (once.n_pairs, again.n_pairs, merged.n_pairs) == (2, 4, 10)
    assert again.matrix.sum() == 2


def test_elements_in_the_same_place_share_an_environment():
    found = found_in({"Li": 2, "S": 1}, {"Na": 2, "S": 1}, {"Li": 2, "O": 1})
    assert found.matrix.shape == (87, 4)
    assert found.matrix.sum() == found.n_pairs == 6
    assert {s: int(row(found, s).sum()) for s in ("Li", "Na", "S", "O")} == {
        "Li": 2,
        "Na": 1,
        "S": 2,
        "O": 1,
    }
    assert row(found, "Li") @ row(found, "Na") == 1
    assert row(found, "S") @ row(found, "O") == 1
    assert row(found, "Li") @ row(found, "S") == 0


def test_only_compositions_of_few_elements_count():
    one_element, four = {"O": 2}, {"Li": 1, "Na": 1, "S": 1, "O": 4}
    assert found_in(one_element, {"Na": 1, "Cl": 1}, four).n_pairs == 2
    with pytest.raises(UserError, match="no composition has 2 to 3 elements"):
        found_in(one_element, four)


amounts = st.lists(
    st.dictionaries(st.sampled_from([1, 3, 8, 26, 90]), st.integers(1, 4), min_size=2, max_size=4),
    min_size=1,
    max_size=12,
)


@given(amounts)
def test_environments_are_the_fractions_of_the_others_and_the_own_one(drawn):
    found = environments.environments(compositions(*drawn), np.ones(len(drawn), int), 4)
    literal = {}
    for composition in drawn:
        total = sum(composition.values())
        shares = {number: Fraction(n, total) for number, n in composition.items()}
        for number, own in shares.items():
            others = frozenset(item for item in shares.items() if item[0] != number)
            literal.setdefault((others, own), set()).add(number)
    columns = found.matrix.toarray().T
    symbols = {1: "H", 3: "Li", 8: "O", 26: "Fe", 90: "Th"}
    got = sorted([ELEMENTS[place] for place in np.flatnonzero(c)] for c in columns)
    assert got == sorted(
        sorted((symbols[n] for n in numbers), key=ELEMENTS.index) for numbers in literal.values()
    )


def test_collections_become_a_table_with_rejects(tmp_path):
    paths = []
    for name, formulas in {"a": ["Li2S", "Li4S2", "RnF2"], "b": ["Na2S", "LiNaCl2", "O2"]}.items():
        entries = [FormulaEntry(text, {}, None, text) for text in formulas]
        paths.append(tmp_path / f"{name}.parquet")
        collection.write(
            collection.of_formulas([(name, entries)], {}),
            {},
            paths[-1],
            tmp_path / "compositions.rejected.parquet",
            collection=name,
            limit=None,
            seed=0,
            provenance={},
        )
    table, rejects = tmp_path / "environments.parquet", tmp_path / "rejected.parquet"
    environments.write(paths, 3, table, rejects, {"seed": 1})
    found = environments.read(table)
    expected = found_in(
        {"Li": 2, "S": 1}, {"Li": 4, "S": 2}, {"Na": 2, "S": 1}, {"Li": 1, "Na": 1, "Cl": 2}
    )
    assert found.n_pairs == expected.n_pairs == 9
    assert (found.matrix.toarray() == expected.matrix.toarray()).all()
    assert tables.read(rejects)[["entry", "stage"]].to_numpy().tolist() == [
        ["RnF2", "environments"]
    ]


@pytest.fixture(scope="module")
def halides():
    return found_in(
        {"Li": 2, "S": 1},
        {"Na": 2, "S": 1},
        {"Li": 2, "O": 1},
        {"Na": 2, "O": 1},
        {"Na": 1, "Cl": 1},
    )


def test_published_vectors_are_a_projection_of_standardised_columns(halides):
    k = 7
    dense = halides.matrix.toarray()
    limit = np.sqrt(6 / (halides.n_pairs + k))
    weights = np.random.default_rng(3).uniform(-limit, limit, (dense.shape[1], k))
    literal = np.maximum((dense - dense.mean(axis=0)) / dense.std(axis=0) @ weights, 0)
    vectors = element_vectors.published(halides, k, np.random.default_rng(3))
    np.testing.assert_allclose(vectors, literal, rtol=1e-5, atol=1e-6)


def test_the_limit_of_the_weights_is_that_of_the_published_width():
    assert np.sqrt(6 / (212_991 + 120)) == pytest.approx(5.306e-3, rel=1e-3)


def test_vectors_of_alike_elements_are_alike(halides):
    k = 4
    for vectors in (element_vectors.svd(halides, k), autoencoder.autoencoder(halides, k, 0)):
        assert vectors.shape == (87, k)
        li, na, s, o = (vectors[ELEMENTS.index(x)] for x in ("Li", "Na", "S", "O"))
        assert np.linalg.norm(s - o) < 0.5 * np.linalg.norm(s - na)
        assert np.linalg.norm(li - na) < np.linalg.norm(li - s)


def test_components_keep_the_cosines_of_the_rows(halides):
    vectors = element_vectors.svd(halides, 87)
    dense = halides.matrix.toarray()
    li, na = (dense[ELEMENTS.index(x)] for x in ("Li", "Na"))
    cosine = li @ na / np.linalg.norm(li) / np.linalg.norm(na)
    got = vectors[ELEMENTS.index("Li")] @ vectors[ELEMENTS.index("Na")]
    assert got == pytest.approx(cosine, abs=1e-5)


def test_properties_are_standardised_and_filled(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("element,mass,constant\nH,1,5\nHe,4,5\nLi,7,5\nRa,,5\n")
    vectors = element_vectors.of_table(table)
    assert vectors.shape == (87, 1)
    assert vectors.mean() == pytest.approx(0, abs=1e-6)
    assert vectors.std() == pytest.approx(1, rel=1e-5)
    assert vectors[ELEMENTS.index("Fe")] == vectors[ELEMENTS.index("He")]  # the median


def test_vectors_are_written_and_joined(tmp_path, halides):
    source = tmp_path / "environments.parquet"
    rows = halides.matrix.tocoo()
    frame = pd.DataFrame(
        {"element": np.array(ELEMENTS)[rows.row], "environment": rows.col.astype(np.int32)}
    )
    tables.write(frame, source, environments.SCHEMA, {"pairs": halides.n_pairs})
    paths = {}
    for name, settings in {
        "svd": {"method": "svd", "size": 3},
        "autoencoder": {"method": "autoencoder", "size": 2},
    }.items():
        paths[name] = tmp_path / f"{name}.parquet"
        vector_tables.write(settings, [source], paths[name], 0, {})
    np.testing.assert_array_equal(
        element_vectors.read(paths["svd"]), element_vectors.svd(halides, 3)
    )
    joined = tmp_path / "joined.parquet"
    vector_tables.write({"of": list(paths)}, list(paths.values()), joined, 0, {})
    found = element_vectors.read(joined)
    assert found.shape == (87, 5)
    assert found[:, :3].std() == pytest.approx(1, rel=1e-5)
    assert found[:, 3:].std() == pytest.approx(1, rel=1e-5)
