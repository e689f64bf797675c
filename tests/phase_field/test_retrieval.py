import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from unlabelled import tables
from unlabelled.errors import UserError
from unlabelled.phase_field import retrieval
from unlabelled.phase_field.accessibility import frequency, hold_out
from unlabelled.phase_field.candidates import codes, combinations, unreported
from unlabelled.phase_field.fields import ELEMENTS, PADDING, ids, key, names
from unlabelled.phase_field.retrieval import measures, negatives, published_check


def reported():
    """Fields of 1 to 9 elements of which some are frequent."""
    random = np.random.default_rng(0)
    weights = 1 / np.arange(3, 90)
    return sorted(
        {
            key(random.choice(ELEMENTS, size, replace=False, p=weights / weights.sum()))
            for size in (1, *(2, 3, 4, 5, 6, 7, 8) * 4, 9)
            for _ in range(30)
        }
    )


def sizes_of(fields):
    return (fields != PADDING).sum(axis=1)


class Recorder:
    """A score that knows reported fields, and what it was fitted to and asked for."""

    def __init__(self, known):
        self.known = known
        self.fitted, self.asked = [], []

    def __call__(self, fields):
        self.fitted += names(fields)
        return self.score

    def score(self, fields):
        self.asked.append(names(fields))
        return (~unreported(fields, self.known)).astype(float)


def constant(fields):
    return lambda asked: np.zeros(len(asked))


def test_a_fifth_of_every_size_is_held_out():
    sizes = np.repeat(np.arange(1, 11), 20)
    found = hold_out(sizes, 0)
    assert np.bincount(sizes[found]).tolist() == [0, 0, *[4] * 7]
    assert (hold_out(sizes, 0) == found).all()
    assert (hold_out(sizes, 1) != found).any()


def test_held_out_fields_are_never_fitted_and_negatives_never_reported():
    fields = reported()
    recorder = Recorder(fields)
    known = set(names(combinations(3)[::2]))  # of another collection
    retrieval.retrieval(fields, known, {"recorder": recorder}, 0)
    held_out, *others = recorder.asked
    assert not set(held_out) & set(recorder.fitted)
    assert set(held_out) | set(recorder.fitted) == set(fields)
    assert len(held_out) + len(recorder.fitted) == len(fields)
    assert {len(name.split()) for name in held_out} == set(range(2, 9))
    assert len(others) == 2
    for of_kind in others:
        assert not set(of_kind) & (known | set(fields))
        assert sizes_of(ids(of_kind)).tolist() == sizes_of(ids(held_out)).tolist()


def test_a_perfect_scorer_and_a_constant_one():
    rows = retrieval.retrieval(
        reported(), (), {"perfect": Recorder(reported()), "constant": constant}, 0
    )
    assert set(rows["n_elements"]) == {0, 2, 3, 4, 5, 6, 7, 8}
    values = rows.set_index(["scorer", "metric"])[["value", "low", "high"]]
    assert (values.loc[("perfect", "auc")] == 1).all(axis=None)
    assert (values.loc[("constant", "auc")] == 0.5).all(axis=None)
    for share in (1, 5, 10):
        np.testing.assert_allclose(values.loc[("perfect", f"enrichment_{share}")], 2)
        np.testing.assert_allclose(values.loc[("constant", f"enrichment_{share}")], 1)
    of_sizes = rows[(rows["metric"] == "auc") & (rows["scorer"] == "constant")]
    assert of_sizes.groupby("negatives")["n"].sum().nunique() == 1
    all_sizes = of_sizes["n_elements"] == 0
    assert of_sizes["n"][all_sizes].sum() == of_sizes["n"][~all_sizes].sum()


def test_sizes_are_not_compared():
    def by_size(fields):
        return lambda asked: sizes_of(asked) + 0.5 * ~unreported(asked, reported())

    rows = retrieval.retrieval(reported(), (), {"by_size": by_size}, 0)
    assert (rows["value"][rows["metric"] == "auc"] == 1).all()


def test_frequency_has_no_say_where_elements_are_as_frequent():
    rows = retrieval.retrieval(reported(), (), {"frequency": frequency}, 0)
    overall = rows[(rows["n_elements"] == 0) & (rows["metric"] == "auc")]
    values = overall.set_index("negatives")["value"]
    assert values["frequency"] == pytest.approx(0.5, abs=0.1)
    assert values["uniform"] > 0.75


def test_uniform_negatives_are_uniform():
    like = np.repeat(ids(["B Mg"]), 20_000, axis=0)
    found = negatives("uniform", like, like, ["B Mg"], 0)
    counts = np.bincount(found.ravel(), minlength=87)
    expected = 40_000 / 87
    assert abs(counts - expected).max() < 5 * np.sqrt(expected)
    assert (np.diff(codes(found)[:100]) != 0).any()


def test_negatives_are_in_alphabetical_order_and_their_elements_as_frequent():
    fitted = ids([name for name in reported() if len(name.split()) == 4])
    like = np.repeat(fitted, 20, axis=0)
    found = negatives(
        "frequency", np.pad(like, ((0, 0), (0, 1)), constant_values=PADDING), fitted, (), 0
    )
    np.testing.assert_array_equal(found, ids(names(found), 5))
    shares = np.bincount(found[:, :4].ravel(), minlength=87) / len(found)
    expected = np.bincount(fitted.ravel(), minlength=87) / len(fitted)
    assert abs(shares - expected).max() < 0.08


def test_metrics_are_those_of_the_library():
    random = np.random.default_rng(0)
    held_out, others = random.integers(3, 12, 200), random.integers(0, 9, 200)
    found = measures(held_out.astype(float), others.astype(float), 0)
    truth = np.repeat([1, 0], 200)
    auc, low, high = found["auc"]
    assert auc == pytest.approx(roc_auc_score(truth, np.r_[held_out, others]))
    assert low < auc < high < 1
    assert found == measures(held_out.astype(float), others.astype(float), 0)


def test_enrichment_counts_the_top_of_the_list():
    scores = np.arange(200.0)
    held_out = np.isin(np.arange(200), [199, 198, 195, 0, 1, 2, 3, 4, 5, 6])
    found = measures(scores[held_out], scores[~held_out], 0)
    assert found["enrichment_1"][0] == pytest.approx(2 / 10 / 0.01)
    assert found["enrichment_5"][0] == pytest.approx(3 / 10 / 0.05)
    # ten of the twenty at the top are those with equal scores, in whatever order
    found = measures(np.array([2.0, *[1] * 10, *[0] * 89]), np.array([*[1.0] * 30, *[0] * 70]), 0)
    assert found["enrichment_10"][0] == pytest.approx((1 + 19 * 10 / 40) / 100 / 0.1)


def test_the_study_s_own_check_has_no_negative_class():
    constant_errors = np.ones(500)
    assert published_check(constant_errors) == 100
    # noise passes too if a single field is far off
    noise = np.r_[np.random.default_rng(0).uniform(size=499), 100]
    assert published_check(noise) == pytest.approx(99.8)
    assert published_check(np.linspace(0, 1, 1001)) == pytest.approx(80, abs=0.1)
    # while retrieval finds out
    rows = retrieval.retrieval(reported(), (), {"constant": constant}, 0)
    assert (rows["value"][rows["metric"] == "auc"] == 0.5).all()


def test_draws_depend_on_the_seed_alone(tmp_path):
    fields = reported()
    first = retrieval.retrieval(fields, (), {"frequency": frequency}, 3)
    again = retrieval.retrieval(fields[::-1], (), {"other": constant, "frequency": frequency}, 3)
    again = again[again["scorer"] == "frequency"].reset_index(drop=True)
    assert first.equals(again)
    other = retrieval.retrieval(fields, (), {"frequency": frequency}, 4)
    assert (first["value"] != other["value"]).any()
    path = tmp_path / "retrieval.parquet"
    retrieval.write(fields, (), {"frequency": frequency}, path, seed=3, provenance={"seed": 3})
    assert tables.read(path).equals(first.astype({"n_elements": "int8", "n": "int32"}))


def test_too_few_fields_or_too_many_are_an_error(monkeypatch):
    monkeypatch.setattr(retrieval, "_BLOCKS", 3)
    with pytest.raises(UserError, match="1 reported fields are too few"):
        retrieval.retrieval(["B Mg"], (), {}, 0)
    every = names(combinations(2))
    with pytest.raises(UserError, match="next to all fields of 2 elements"):
        negatives("uniform", ids(["B Mg"]), ids(["B Mg"]), every, 0)
