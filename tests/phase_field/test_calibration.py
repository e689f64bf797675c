import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from unlabelled.phase_field.calibration import (
    Conformal,
    Platt,
    conformal,
    expected_calibration_error,
    platt,
    reliability,
)


@pytest.mark.parametrize(("slope", "intercept"), [(0.4, 0.0), (2.0, -1.0), (1.0, 0.0)])
def test_a_known_distortion_is_recovered(slope, intercept):
    random = np.random.default_rng(0)
    score = random.uniform(0.02, 0.98, 40_000)
    true = expit(slope * logit(score) + intercept)
    above = random.random(len(score)) < true
    found = platt(score, above)
    assert found == pytest.approx((slope, intercept), abs=0.06)
    np.testing.assert_allclose(found.probability(score), true, atol=0.02)
    calibrated = expected_calibration_error(found.probability(score), above)
    assert calibrated < 0.015
    if (slope, intercept) != (1.0, 0.0):
        assert expected_calibration_error(score, above) > 3 * calibrated


@given(st.integers(0, 99))
def test_calibration_keeps_the_order_of_scores(seed):
    random = np.random.default_rng(seed)
    score = random.random(60)
    above = random.random(60) < 0.2 + 0.5 * score
    found = platt(score, above).probability(np.linspace(0.002, 0.998, 50))
    assert (np.diff(found) > 0).all()
    assert ((found > 0) & (found < 1)).all()


def test_scores_that_part_the_classes_stay_finite():
    score = np.r_[np.zeros(50), np.ones(50)]
    found = platt(score, score > 0.5)
    assert np.isfinite(found).all()
    # Platt's softened targets, 51/52 and 1/52
    assert found.probability(np.array([0.0, 1.0])) == pytest.approx([1 / 52, 51 / 52], abs=1e-3)


@pytest.mark.parametrize(
    ("score", "n_above", "reason"),
    [
        (np.linspace(0.1, 0.9, 40), 9, "9 fields are above the threshold, 31 below"),
        (np.linspace(0.1, 0.9, 40), 40, "40 fields are above the threshold, 0 below"),
        (np.full(40, 0.25), 20, "all scores are 0.25"),
        (np.linspace(0.9, 0.1, 40), 20, "have lower scores"),
    ],
)
def test_scores_stay_where_there_is_nothing_to_learn(score, n_above, reason, caplog):
    with caplog.at_level(logging.WARNING):
        found = platt(score, np.arange(40) >= 40 - n_above)
    assert found == Platt(1.0, 0.0)
    np.testing.assert_allclose(found.probability(score), score)
    assert reason in caplog.text


@pytest.mark.parametrize("strange", [-0.1, 1.1, np.nan])
def test_a_score_that_is_none_is_an_error(strange):
    with pytest.raises(ValueError, match="a score is not from 0 to 1"):
        platt(np.array([0.5, strange]), np.array([True, False]))
    with pytest.raises(ValueError, match="a probability is not from 0 to 1"):
        reliability(np.array([0.5, strange]), np.array([True, False]))


def exchangeable(seed, n):
    """Predictions whose errors grow with a spread that is known up to a factor."""
    random = np.random.default_rng(seed)
    sd = random.exponential(1, n) + 0.1
    predicted = random.normal(10, 3, n)
    return predicted + 3 * sd * random.normal(size=n), predicted, sd


@pytest.mark.parametrize("known", [True, False])
def test_intervals_cover_what_they_promise(known):
    covered, widths = [], []
    for seed in range(200):
        value, predicted, sd = exchangeable(seed, 80)
        if not known:
            sd = np.full(80, np.nan)
        found = conformal(value[:40], predicted[:40], sd[:40], "identity")
        lower, upper = found.interval(predicted[40:], sd[40:])
        np.testing.assert_allclose((lower + upper) / 2, predicted[40:])
        covered.append(((lower <= value[40:]) & (value[40:] <= upper)).mean())
        widths.append(np.median(upper - lower))
    # 37 of 41 by the correction; without it 36 of 41
    assert np.mean(covered) == pytest.approx(37 / 41, abs=0.01)
    # errors that the spread explains need narrower intervals where it is small
    assert np.mean(widths) < 9 if known else np.mean(widths) > 11


@pytest.mark.parametrize(("n", "rank"), [(9, 9), (19, 18), (40, 37), (99, 90)])
def test_the_width_is_the_residual_of_the_corrected_rank(n, rank):
    residuals = np.random.default_rng(0).permutation(np.arange(1, n + 1)).astype(float)
    signs = np.where(np.arange(n) % 2, 1, -1)
    unknown = np.full(n, np.nan)
    found = conformal(residuals * signs, np.zeros(n), unknown, "identity")
    assert found == Conformal(float(rank), None, "identity")


def test_too_few_residuals_say_nothing():
    found = conformal(np.ones(8), np.zeros(8), np.full(8, np.nan), "log1p")
    lower, upper = found.interval(np.array([5.0]), np.array([np.nan]))
    assert (lower.item(), upper.item()) == (0.0, np.inf)


def test_temperatures_are_never_below_zero():
    found = Conformal(5.0, None, "log1p")
    lower, upper = found.interval(np.array([2.0, 30.0]), np.zeros(2))
    assert lower.tolist() == [0.0, 25.0]
    assert upper.tolist() == [7.0, 35.0]
    assert Conformal(5.0, None, "identity").interval(np.array([2.0]), np.zeros(1))[0] == -3


def test_small_spreads_count_as_the_least():
    sd = np.array([1.0, 2.0, 3.0, 4.0] * 10)
    found = conformal(sd, np.zeros(40), sd, "identity")
    assert found.least_sd == 1.75
    lower, upper = found.interval(np.zeros(3), np.array([0.0, 1.75, 3.5]))
    assert upper - lower == pytest.approx(np.array([1.75, 1.75, 3.5]) * 2 * found.width)


def test_members_that_agree_have_no_say():
    value = np.random.default_rng(0).normal(size=40)
    found = conformal(value, np.zeros(40), np.r_[np.zeros(39), 1.0], "identity")
    assert found.least_sd is None


def test_reliability_against_a_plain_count():
    probability = np.array([0.0, 0.05, 0.1, 0.55, 0.55, 0.55, 1.0])
    above = np.array([0, 1, 0, 1, 1, 0, 1]) > 0
    found = reliability(probability, above)
    assert found["bin"].tolist() == [0, 1, 5, 9]
    assert found["n"].tolist() == [2, 1, 3, 1]
    assert found["n_above"].tolist() == [1, 0, 2, 1]
    assert found["probability"].tolist() == pytest.approx([0.025, 0.1, 0.55, 1.0])
    assert found["share"].tolist() == pytest.approx([0.5, 0.0, 2 / 3, 1.0])
    # Wilson's interval of 2 in 3
    assert found.loc[2, ["low", "high"]].tolist() == pytest.approx([0.20765, 0.93851], abs=1e-5)
    expected = (2 * 0.475 + 0.1 + 3 * (2 / 3 - 0.55) + 0) / 7
    assert expected_calibration_error(probability, above) == pytest.approx(expected)
