import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student
from sklearn import metrics as scores

from unlabelled.phase_field.metrics import (
    COMPARISONS,
    LARGER_IS_BETTER,
    METRICS,
    compare,
    measure,
)


def predictions(n=400, folds=2, seed=0):
    random = np.random.default_rng(seed)
    value = random.normal(size=n)
    predicted = value + random.normal(size=n)
    probability = 1 / (1 + np.exp(-predicted))
    return pd.DataFrame(
        {
            "repeat": 0,
            "fold": np.arange(n) % folds,
            "held_out": "",
            "part": "test",
            "value": value,
            "above": value > 0.3,
            "probability": probability,
            "predicted": predicted,
            "lower": predicted - 1,
            "upper": predicted + 1 + (np.arange(n) % 3),
        }
    )


def measured(rows):
    return measure(rows, property_name="tc", split="random", model="mine")


def by_metric(rows):
    return measured(rows).set_index("metric")["value"]


def test_metrics_are_those_of_scikit_learn():
    rows = predictions()
    found = measured(rows)
    assert list(found.columns) == METRICS.names
    assert found["n"].eq(200).all()
    assert found.groupby("fold")["metric"].nunique().tolist() == [12, 12]
    part = rows[rows["fold"] == 1]
    got = found[found["fold"] == 1].set_index("metric")["value"]
    above, probability = part["above"], part["probability"]
    label = probability > 0.5
    expected = {
        "roc_auc": scores.roc_auc_score(above, probability),
        "average_precision": scores.average_precision_score(above, probability),
        "accuracy": scores.accuracy_score(above, label),
        "f1": scores.f1_score(above, label),
        "brier": scores.brier_score_loss(above, probability),
        "mae": scores.mean_absolute_error(part["value"], part["predicted"]),
        "rmse": scores.root_mean_squared_error(part["value"], part["predicted"]),
        "r2": scores.r2_score(part["value"], part["predicted"]),
        "coverage": ((part["lower"] <= part["value"]) & (part["value"] <= part["upper"])).mean(),
        "width": np.median(part["upper"] - part["lower"]),
    }
    assert got[list(expected)].to_dict() == pytest.approx(expected)
    assert set(got.index) == {*LARGER_IS_BETTER, "coverage", "width"}


def test_the_area_of_labels_is_the_balanced_accuracy():
    rows = predictions(folds=1)
    found = by_metric(rows)
    balanced = scores.balanced_accuracy_score(rows["above"], rows["probability"] > 0.5)
    assert found["roc_auc_hard"] == pytest.approx(balanced)
    assert found["roc_auc_hard"] < found["roc_auc"]


def test_inner_rows_are_not_measured():
    rows = predictions(folds=1)
    inner = predictions(folds=1, seed=1).assign(part="inner")
    assert by_metric(pd.concat([rows, inner])).equals(by_metric(rows))


def test_a_fold_of_one_class_has_no_areas():
    found = by_metric(predictions(folds=1).assign(above=False))
    undefined = ["roc_auc", "roc_auc_hard", "average_precision", "f1"]
    assert found[undefined].isna().all()
    assert found.drop(undefined).notna().all()


def test_a_fold_of_one_field_has_no_r2():
    found = by_metric(predictions(n=1, folds=1))
    assert np.isnan(found["r2"])
    assert found["mae"] == found["rmse"]


def test_what_a_model_does_not_predict_is_not_measured():
    no_intervals = by_metric(predictions(folds=1).assign(lower=np.nan, upper=np.nan))
    assert no_intervals[no_intervals.isna()].index.tolist() == ["coverage", "width"]
    no_class = by_metric(predictions(folds=1).assign(probability=np.nan))
    assert set(no_class[no_class.isna()].index) == {*list(LARGER_IS_BETTER)[:7]}
    no_value = by_metric(predictions(folds=1).assign(predicted=np.nan, lower=np.nan))
    assert set(no_value[no_value.isna()].index) == {"mae", "rmse", "r2", "coverage", "width"}


def metrics_of(model, values, metric, *, n=(20, 20, 20, 20, 20), held_out="", split="random"):
    folds = len(values)
    return pd.DataFrame(
        {
            "property": "tc",
            "split": split,
            "model": model,
            "repeat": 0,
            "fold": range(folds),
            "held_out": held_out,
            "metric": metric,
            "value": values,
            "n": n,
        }
    )


MINE = [0.80, 0.82, 0.78, 0.85, 0.79]
OTHER = [0.78, 0.81, 0.79, 0.81, 0.75]


def compared(mine, other, metric, **settings):
    rows = pd.concat(
        [
            metrics_of("mine", mine, metric, **settings),
            metrics_of("other", other, metric, **settings),
        ]
    )
    found = compare(rows, "mine", ["other"], seed=0)
    assert list(found.columns) == COMPARISONS.names
    return found


def test_intervals_of_random_folds_are_those_of_nadeau_and_bengio():
    (row,) = compared(MINE, OTHER, "roc_auc").itertuples()
    # differences .02, .01, -.01, .04, .04: mean .02, variance .00045; tested to trained on 20 : 80
    half = student.ppf(0.975, 4) * np.sqrt((1 / 5 + 1 / 4) * 0.00045)
    assert row.difference == pytest.approx(0.02)
    assert (row.low, row.high) == pytest.approx((0.02 - half, 0.02 + half))
    assert half == pytest.approx(0.0395090, abs=1e-6)
    assert (row.folds, row.n) == (5, 100)


def test_the_ratio_of_fields_is_that_of_a_partition():
    one = compared(MINE, OTHER, "roc_auc")
    rows = pd.concat(
        [
            metrics_of(model, values, "roc_auc").assign(repeat=repeat)
            for model, values in (("mine", MINE), ("other", OTHER))
            for repeat in (0, 1)
        ]
    )
    (two,) = compare(rows, "mine", ["other"], seed=0).itertuples()
    variance = np.var(2 * [0.02, 0.01, -0.01, 0.04, 0.04], ddof=1)
    half = student.ppf(0.975, 9) * np.sqrt((1 / 10 + 1 / 4) * variance)
    assert two.high - two.difference == pytest.approx(half)
    assert two.high < one["high"].item()
    assert two.folds == 10


@pytest.mark.parametrize("metric", LARGER_IS_BETTER)
def test_a_positive_difference_says_that_the_model_is_better(metric):
    best, worst = (MINE, OTHER) if LARGER_IS_BETTER[metric] else (OTHER, MINE)
    assert compared(best, worst, metric)["difference"].item() == pytest.approx(0.02)
    assert compared(worst, best, metric)["difference"].item() == pytest.approx(-0.02)


def test_errors_are_better_where_they_are_small():
    assert not any(
        LARGER_IS_BETTER[metric]
        for metric in ("brier", "expected_calibration_error", "mae", "rmse")
    )


def test_coverage_and_width_alone_decide_nothing():
    assert compared(MINE, OTHER, "coverage").empty
    assert compared(MINE, OTHER, "width").empty


def test_folds_of_elements_are_resampled():
    random = np.random.default_rng(0)
    mine = random.normal(1, 1, 60)
    held_out = [f"element {number}" for number in range(60)]
    settings = {"held_out": held_out, "n": np.full(60, 30), "split": "element"}
    (row,) = compared(mine, np.zeros(60), "r2", **settings).itertuples()
    error = mine.std(ddof=1) / np.sqrt(60)
    assert row.difference == pytest.approx(mine.mean())
    assert row.high - row.low == pytest.approx(2 * 1.96 * error, rel=0.05)
    assert compared(mine, np.zeros(60), "r2", **settings)["low"].item() == row.low


def test_folds_in_which_a_metric_is_not_defined_are_left_out():
    (row,) = compared([np.nan, *MINE[1:]], OTHER, "roc_auc").itertuples()
    differences = np.array([0.01, -0.01, 0.04, 0.04])
    half = student.ppf(0.975, 3) * np.sqrt((1 / 4 + 1 / 4) * differences.var(ddof=1))
    assert row.difference == pytest.approx(0.02)
    assert row.high - row.difference == pytest.approx(half)
    assert (row.folds, row.n) == (4, 80)
    (row,) = compared([np.nan] * 3 + MINE[3:], OTHER, "roc_auc").itertuples()
    assert row.folds == 2
    assert np.isnan([row.low, row.high]).all()


def test_models_without_metrics_or_with_other_fields_are_an_error():
    mine = metrics_of("mine", MINE, "roc_auc")
    with pytest.raises(ValueError, match="there are no metrics of 'other'"):
        compare(mine, "mine", ["other"], seed=0)
    other = metrics_of("other", OTHER, "roc_auc", n=(20, 20, 20, 20, 19))
    with pytest.raises(ValueError, match="mine and other were tested on different fields"):
        compare(pd.concat([mine, other]), "mine", ["other"], seed=0)
