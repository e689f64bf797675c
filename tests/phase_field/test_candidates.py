from itertools import combinations as literal_combinations
from math import comb
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unlabelled.errors import UserError
from unlabelled.phase_field import candidates
from unlabelled.phase_field.candidates import Scored, headline, nearest, pareto, unreported
from unlabelled.phase_field.fields import ATOMIC_NUMBERS, ELEMENTS, PADDING, ids, key, names

PUBLISHED = Path(__file__).parents[2] / "resources" / "phaseselect_candidates.csv"

sets = st.sets(st.sampled_from(ELEMENTS[:12]), min_size=1, max_size=4).map(key)
grid = st.integers(0, 4).map(float)  # coarse, so that there are ties


def test_all_fields_of_a_size():
    found = candidates.combinations(3)
    assert found.shape == (105_995, 3) == (comb(87, 3), 3)
    assert found.dtype == np.int8
    some = names(found[::1000])
    np.testing.assert_array_equal(ids(some), found[::1000])
    assert len(np.unique(candidates.codes(found))) == len(found)


def test_as_many_as_the_study_lists_from_hydrogen_to_bismuth():
    beyond = [symbol for symbol, z in zip(ELEMENTS, ATOMIC_NUMBERS, strict=True) if z > 83]
    assert len(candidates.combinations(3, beyond)) == comb(81, 3) == 85_320


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_fields_are_all_of_them_in_alphabetical_order(size):
    kept = ["Zr", "Ag", "O", "Ba", "B", "Cu"]
    exclude = sorted(set(ELEMENTS) - set(kept))
    expected = [" ".join(chosen) for chosen in literal_combinations(sorted(kept), size)]
    assert names(candidates.combinations(size, exclude)) == expected == sorted(expected)
    assert sum(map(len, candidates.blocks(size, exclude))) == len(expected)


def test_quaternaries_come_in_blocks():
    sizes = [block.nbytes for block in candidates.blocks(4)]
    assert sum(sizes) == 4 * 2_225_895
    assert max(sizes) < 2**20


def test_noble_gases_and_radioactive_elements_can_be_left_out():
    found = names(candidates.combinations(2, ["noble_gases", "radioactive", "O"]))
    assert len(found) == comb(87 - 3 - 8 - 1, 2)
    assert not {"He", "Kr", "Xe", "Tc", "U", "O"} & {
        part for name in found for part in name.split()
    }


def test_what_cannot_be_excluded_or_made_is_an_error():
    with pytest.raises(UserError, match="Ne, Xx: not among the 87"):
        candidates.combinations(2, ["Xx", "O", "Ne"])
    with pytest.raises(UserError, match="no field of 3 of 2 elements"):
        candidates.combinations(3, ELEMENTS[2:])
    with pytest.raises(UserError, match="no field of 0 of 87"):
        candidates.combinations(0)


@given(st.lists(sets), st.lists(sets), st.integers(4, 6))
def test_unreported_fields_are_those_that_are_not_reported(some, reported, slots):
    found = unreported(ids(some, slots)[:, ::-1], reported)
    assert found.tolist() == [name not in reported for name in some]


def test_codes_depend_on_the_elements_alone():
    random = np.random.default_rng(0)
    fields = np.array([random.choice(87, 9, replace=False) for _ in range(50)], np.int8)
    expected = candidates.codes(fields)
    more = np.pad(fields, ((0, 0), (1, 3)), constant_values=PADDING)
    np.testing.assert_array_equal(candidates.codes(random.permuted(more, axis=1)), expected)
    assert (expected >= 0).all()
    with pytest.raises(ValueError, match="more than 9 elements"):
        candidates.codes(np.arange(10, dtype=np.int8)[None])


def test_larger_reported_fields_are_no_obstacle():
    larger = key(ELEMENTS[:12])
    assert unreported(ids(["B Mg", "Nb"]), [larger, "Nb"]).tolist() == [True, False]


def literal_nearest(name, reported, n):
    own = set(name.split())
    similarity = {
        other: len(own & set(other.split())) / len(own | set(other.split())) for other in reported
    }
    best = sorted(reported, key=lambda other: (-similarity[other], other))[:n]
    return best, [similarity[other] for other in best]


@given(st.lists(sets, max_size=5), st.sets(sets, min_size=1), st.integers(1, 4))
def test_nearest_fields_are_those_of_a_loop(some, reported, n):
    found, similarity = nearest(ids(some, 5), ids(list(reported)), n)
    for name, its_nearest, its_similarity in zip(some, found, similarity, strict=True):
        expected, shares = literal_nearest(name, reported, n)
        assert its_nearest == expected
        np.testing.assert_allclose(its_similarity, shares, rtol=1e-6)


def test_nearest_fields_do_not_depend_on_blocks(monkeypatch):
    some, reported = candidates.combinations(2)[:700], candidates.combinations(3)[::97]
    expected, similarity = nearest(some, reported, 3)
    monkeypatch.setattr(candidates, "_BLOCK", 64)
    found, again = nearest(some, reported, 3)
    assert found == expected
    np.testing.assert_array_equal(again, similarity)


def test_nothing_is_nearest_to_nothing():
    with pytest.raises(UserError, match="no field is reported"):
        nearest(ids(["O"]), ids([]), 1)


@given(st.lists(st.tuples(grid, grid)))
def test_the_front_is_that_of_a_loop(points):
    first, second = np.array(points).reshape(-1, 2).T
    expected = [
        not any(p >= a and q >= b and (p > a or q > b) for p, q in points) for a, b in points
    ]
    assert pareto(first, second).tolist() == expected


def test_a_front_needs_numbers():
    with pytest.raises(ValueError, match="finite"):
        pareto(np.array([0.5, np.nan]), np.zeros(2))


def scored():
    return Scored(
        ids(["B Mg", "Nb", "Fe O", "C H"]),
        probability=np.array([0.9, 0.4, 0.8, 0.9]),
        probability_sd=np.full(4, 0.1),
        value=np.array([39.0, 9.0, 2.0, 12.0]),
        lower=np.array([30.0, 5.0, 0.0, 3.0]),
        upper=np.array([50.0, 15.0, 4.0, 30.0]),
        accessibility=np.array([0.5, 1.0, 0.5, 0.5]),
    )


def test_candidates_are_ranked_by_probability_times_accessibility():
    rows = candidates.rank_table(scored(), ids(["Al B Mg", "C", "Fe O"]), 10.0, top=4)
    assert rows["field"].tolist() == ["B Mg", "C H", "Fe O", "Nb"]  # the first two are equal
    assert rows["rank"].tolist() == [1, 2, 3, 4]
    assert rows["agree"].tolist() == [True, True, False, True]
    assert rows["on_front"].tolist() == [True, True, False, True]
    assert rows["nearest"].tolist()[:2] == ["Al B Mg; C; Fe O", "C; Al B Mg; Fe O"]
    np.testing.assert_allclose(rows["similarity"], [2 / 3, 1 / 2, 1, 0], rtol=1e-6)


def test_the_best_and_the_front_are_listed():
    rows = candidates.rank_table(scored(), ids(["Fe O"]), 10, top=1)
    assert rows["field"].tolist() == ["B Mg", "C H", "Nb"]
    assert rows["rank"].tolist() == [1, 2, 4]
    assert candidates.schema("K").field("value").metadata[b"unit"] == b"K"


def test_there_must_be_candidates():
    nothing = Scored(ids([], 2), *(np.empty(0) for _ in range(6)))
    with pytest.raises(UserError, match="no candidates to rank"):
        candidates.rank_table(nothing, ids(["O"]), 1, top=1)


def test_the_published_candidates_are_those_of_the_study():
    rows = candidates.read_published(PUBLISHED)
    assert rows["property"].value_counts().to_dict() == {
        "curie_temperature": 20,
        "critical_temperature": 18,
        "predicted_gap": 18,
    }
    assert rows["field"].tolist() == [key(name.split()) for name in rows["field"]]
    assert not rows.duplicated(["property", "field"]).any()
    assert ids(rows["field"].tolist()).shape == (56, 3)
    assert ((rows[["probability", "score"]] > 0) & (rows[["probability", "score"]] < 1)).all(
        axis=None
    )
    assert rows["value"].notna().groupby(rows["property"]).sum().to_dict() == {
        "critical_temperature": 18,
        "curie_temperature": 20,
        "predicted_gap": 4,
    }


def test_a_table_of_published_candidates_must_be_one(tmp_path):
    path = tmp_path / "published.csv"
    path.write_text("property,field,score,value\n")
    with pytest.raises(UserError, match="no column probability"):
        candidates.read_published(path)
    path.write_text("property,field,probability,score,value\ngap,F Pb,often,1,\n")
    with pytest.raises(UserError, match="often"):
        candidates.read_published(path)


def test_headlines_are_looked_up_in_every_collection():
    published = pd.DataFrame({"field": ["Fe N Nb", "B Mg", "Fe O"], "probability": 0.7})
    reported = pd.DataFrame(
        {
            "field": ["B Mg", "Fe N Nb", "Nb"],
            "icsd": [False, True, True],
            "trained_on": [True, True, False],
        }
    )
    found = headline(published, reported)
    assert found.columns.tolist() == ["field", "probability", "icsd", "trained_on", "anywhere"]
    assert found["icsd"].tolist() == [True, False, False]
    assert found["trained_on"].tolist() == [True, True, False]
    assert found["anywhere"].tolist() == [True, True, False]
