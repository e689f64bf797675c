import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unlabelled import tables
from unlabelled.composition import collection, representations
from unlabelled.composition.schema import features
from unlabelled.composition.vectors import read
from unlabelled.errors import UserError
from unlabelled.sources import elements
from unlabelled.sources.entry import FormulaEntry
from unlabelled.structures.schema import REJECTS

# H 1, 10; O 3, -; Fe 7, 40: oxygen lacks the second property, its median is 25
TABLE = "element,first,second\nH,1,10\nO,3,\nFe,7,40\n"


@pytest.fixture
def represent(tmp_path):
    """Rows, vectors and rejects of formulas with their labels 0, 1, 2, ..."""
    (tmp_path / "elements.csv").write_text(TABLE)

    def represented(*formulas, table="elements.csv", implementation="corrected"):
        entries = [
            FormulaEntry(text, {"n": float(number)}, None, text)
            for number, text in enumerate(formulas)
        ]
        collected = collection.of_formulas([("mine", entries)], {"n": "1"})
        assert collected.rejected.empty
        collection.write(
            collected,
            {"n": "1"},
            tmp_path / "c.parquet",
            tmp_path / "r.parquet",
            collection="c",
            limit=None,
            seed=1,
            provenance={},
        )
        representations.represent(
            tmp_path / "c.parquet",
            table and tmp_path / table,
            implementation,
            tmp_path / "x.parquet",
            tmp_path / "x.rejected.parquet",
            {"style": table},
        )
        rows, vectors = read(tmp_path / "x.parquet")
        return rows, vectors, tables.read(tmp_path / "x.rejected.parquet")

    return represented


def fractions(vector):
    return {place + 1: float(value) for place, value in enumerate(vector) if value}


def test_statistics_are_those_computed_by_hand(represent):
    rows, vectors, rejected = represent("H2O", "Fe", "H3Fe")
    # columns: averages, sums, variances, ranges, each of both properties
    expected = [
        [5 / 3, 15, 5, 45, 8 / 9, 50, 2, 15],
        [7, 40, 7, 40, 0, 0, 0, 0],
        [2.5, 17.5, 10, 70, 27 / 4, 168.75, 6, 30],
    ]
    np.testing.assert_allclose(vectors, expected, rtol=1e-6)
    assert rows.tolist() == [0, 1, 2]
    assert rejected.empty
    assert vectors.dtype == np.float32
    assert rows.dtype == np.int32


def test_the_fractions_are_of_118_elements(represent):
    _, vectors, _ = represent("Ca(OH)2", "Og", "Fe0.9999Cu5e-05", table=None)
    assert vectors.shape == (3, 118)
    assert fractions(vectors[0]) == pytest.approx({1: 0.4, 8: 0.4, 20: 0.2})
    assert fractions(vectors[1]) == {118: 1}
    total = 0.9999 + 5e-5
    assert fractions(vectors[2]) == pytest.approx({26: 0.9999 / total, 29: 5e-5 / total})


def test_k1_labels_looked_up_by_row_are_those_of_the_composition(represent, tmp_path):
    rows, vectors, rejected = represent("H", "Cu", "O", "FeCuAu", "Fe")
    labels = tables.read(tmp_path / "c.parquet")["n"].to_numpy()
    assert labels[rows].tolist() == [0, 2, 4]
    assert vectors[:, 0].tolist() == [1, 3, 7]
    assert rejected.to_dict("records") == [
        {
            "entry": entry,
            "source": "mine",
            "stage": "representations",
            "reason": "unsupported element",
            "message": "elements.csv has no Cu",
        }
        for entry in ("Cu", "FeCuAu")
    ]


def test_k3_what_is_missing_becomes_the_median_of_the_first_feature(represent):
    formulas = ["H2O", "Fe", "H3Fe"]  # averages of the first property: 5/3, 7, 2.5
    _, vectors, _ = represent(*formulas, implementation="published")
    np.testing.assert_allclose(vectors[0], [5 / 3, 2.5, 5, 2.5, 2, 2.5, 2, 2.5], rtol=1e-6)
    np.testing.assert_allclose(vectors[1], [7, 40, 7, 40, 2.5, 2.5, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(vectors[2], [2.5, 17.5, 10, 70, 18, 450, 6, 30], rtol=1e-6)


def test_k4_dopants_vanish_and_exponents_are_refused(represent):
    formulas = ["Fe0.96H0.04", "Fe0.9999H5e-05", "Fe0.95H0.05", "H0.04O0.03"]
    rows, vectors, rejected = represent(*formulas, implementation="published")
    assert rows.tolist() == [0, 2]
    np.testing.assert_allclose(vectors[:, 0], [7, 0.95 * 7 + 0.05], rtol=1e-6)
    np.testing.assert_allclose(vectors[:, 6], [0, 6])  # range
    assert rejected["reason"].tolist() == ["unreadable"] * 2
    assert rejected["message"].str.contains("exponents|nothing is left").all()
    rows, vectors, rejected = represent(*formulas)
    assert rows.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(vectors[:3, 6], [6, 6, 6])


def test_k4_a_dopant_outside_the_table_is_not_looked_up(represent):
    assert represent("Fe0.99Cu0.01", implementation="published")[0].tolist() == [0]
    assert represent("Fe0.99Cu0.01")[0].tolist() == []


def test_k5_brackets_and_repeated_elements(represent):
    formulas = ["Ca(OH)2", "CH3COOH", "HDO", "Fe2O3"]
    _, published, _ = represent(*formulas, table=None, implementation="published")
    assert fractions(published[0]) == pytest.approx({1: 1 / 3, 8: 1 / 3, 20: 1 / 3})
    assert fractions(published[1]) == pytest.approx({1: 1 / 3, 6: 1 / 3, 8: 1 / 3})
    assert fractions(published[2]) == pytest.approx({1: 1 / 2, 8: 1 / 2})
    _, corrected, _ = represent(*formulas, table=None)
    assert fractions(corrected[1]) == pytest.approx({1: 4 / 8, 6: 2 / 8, 8: 2 / 8})
    assert fractions(corrected[2]) == pytest.approx({1: 2 / 3, 8: 1 / 3})
    np.testing.assert_array_equal(corrected[3], published[3])
    assert (np.abs(corrected - published).max(axis=1) > 0.05).tolist() == [True] * 3 + [False]


def random_compositions(n):
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 6, n)
    numbers = [np.sort(rng.choice(np.arange(1, 119), count, replace=False)) for count in counts]
    return representations.Compositions(
        np.concatenate(numbers), rng.uniform(0.01, 5, counts.sum()), counts
    )


@pytest.mark.parametrize("implementation", ["corrected", "published"])
@pytest.mark.parametrize("dimension", [None, 7])
def test_blocks_are_the_whole(implementation, dimension):
    compositions = random_compositions(100)
    values = np.random.default_rng(1).normal(size=(119, dimension)) if dimension else None
    if dimension:
        values[[3, 9], 2] = np.nan
    whole, parts = (
        list(representations.blocks(compositions, values, implementation, size))
        for size in (1000, 7)
    )
    assert len(parts) == 15
    np.testing.assert_array_equal(np.vstack(parts), whole[0])
    assert np.isfinite(whole[0]).all()


def test_the_file_has_a_row_group_per_block_and_says_where_it_is_from(
    represent, tmp_path, monkeypatch
):
    formulas = [f"H{n}O" for n in range(1, 11)]
    _, expected, _ = represent(*formulas)
    monkeypatch.setattr(representations.blocks, "__defaults__", (3,))
    rows, vectors, _ = represent(*formulas)
    with pq.ParquetFile(tmp_path / "x.parquet") as file:
        assert file.num_row_groups == 4
        assert file.schema_arrow.equals(features(8))
    assert pq.read_schema(tmp_path / "x.rejected.parquet").equals(REJECTS)
    assert tables.provenance(tmp_path / "x.parquet") == {"style": "elements.csv"}
    np.testing.assert_array_equal(vectors, expected)
    assert rows.tolist() == list(range(10))


@pytest.mark.parametrize("implementation", ["corrected", "published"])
@pytest.mark.parametrize("table", [None, "elements.csv"])
def test_no_composition_at_all_is_a_representation_too(represent, table, implementation):
    rows, vectors, rejected = represent(table=table, implementation=implementation)
    assert rows.shape == (0,)
    assert vectors.shape == (0, 8 if table else 118)
    assert rejected.empty


compositions = st.dictionaries(
    st.sampled_from(range(1, 119)), st.integers(1, 1000), min_size=1, max_size=8
)
VALUES = np.random.default_rng(2).normal(size=(119, 3))


def vector(amounts, implementation="corrected"):
    found = representations.Compositions(
        np.array(list(amounts), int),
        np.array(list(amounts.values()), float),
        np.array([len(amounts)]),
    )
    [[result]] = representations.blocks(found, VALUES, implementation)
    return result


@settings(deadline=None)
@given(amounts=compositions, factor=st.integers(2, 50))
def test_scaling_a_formula_changes_the_sums_only(amounts, factor):
    before = vector(amounts)
    after = vector({number: factor * amount for number, amount in amounts.items()})
    before[3:6] *= factor
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-6 * factor * sum(amounts.values()))
    for part in (slice(0, 3), slice(6, 12)):
        np.testing.assert_allclose(after[part], before[part], rtol=1e-5, atol=1e-6)


@settings(deadline=None)
@given(
    amounts=compositions, implementation=st.sampled_from(["corrected", "published"]), data=st.data()
)
def test_the_order_of_the_elements_is_immaterial(amounts, implementation, data):
    shuffled = dict(data.draw(st.permutations(list(amounts.items()))))
    np.testing.assert_allclose(
        *(vector(order, implementation) for order in (amounts, shuffled)),
        rtol=1e-5,
        atol=1e-6 * sum(amounts.values()),
    )


def test_an_element_table_is_read_by_symbol(tmp_path, caplog):
    path = tmp_path / "t.csv"
    path.write_text("element,0,0\nFe,1,2\nGaGe,3,4\nNa,5,\n")
    values = elements.read(path)
    assert values.shape == (119, 2)
    np.testing.assert_array_equal(values[[11, 26]], [[5, np.nan], [1, 2]])
    assert np.isnan(np.delete(values, [11, 26], axis=0)).all()
    assert "no elements, left out: 'GaGe'" in caplog.text


@pytest.mark.parametrize(
    "text", ["element,a\nNa,1\nNa,2\n", "element,a\nXx,1\n", "symbol,a\nNa,1\n"]
)
def test_what_is_no_element_table_is_refused(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(UserError, match=r"t\.csv cannot be read as a table of element properties"):
        elements.read(tmp_path / "t.csv")


def test_the_rows_of_a_representation_are_read_without_a_frame(represent, tmp_path):
    represent("H2O", "Fe")
    frame = pd.read_parquet(tmp_path / "x.parquet")
    rows, vectors = read(tmp_path / "x.parquet")
    np.testing.assert_array_equal(np.stack(frame["features"]), vectors)
    assert frame["row"].tolist() == rows.tolist()
