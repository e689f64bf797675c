import numpy as np
import pandas as pd
import pytest

from unlabelled import tables
from unlabelled.label_masking.compare import paired, standing, summary
from unlabelled.label_masking.schema import PAIRED, SUMMARY

PAIR = [("corrected", "untrained")]


def rows(arm, maes, *, arm_seed=0, n_labels=50, head="ridge"):
    return pd.DataFrame(
        {
            "task": "gap",
            "arm": arm,
            "arm_seed": arm_seed,
            "head": head,
            "n_labels": n_labels,
            "draw": range(len(maes)),
            "label_ids_digest": [f"digest {n_labels} {draw}" for draw in range(len(maes))],
            "n_test": 100,
            "mae": maes,
            "rmse": maes,
            "r2": 0.5,
            "epochs": 0,
            "seconds": 0.1,
        }
    )


@pytest.mark.parametrize(
    ("n_encoders", "n_draws", "encoder_sd"),
    # of one encoder the interval speaks as it is, so its spread does not matter
    [(1, 4, 0.0), (2, 4, 0.0), (2, 4, 0.01), (2, 4, 0.04), (4, 12, 0.01), (4, 12, 0.04)],
)
def test_intervals_cover_the_truth_with_few_draws_and_encoders(n_encoders, n_draws, encoder_sd):
    """Over many simulated studies, against the variance of their outcomes."""
    generator = np.random.default_rng(0)
    studies = []
    for _ in range(200):
        draw = generator.normal(0, 0.05, n_draws)
        tables = [rows("untrained", 0.6 + draw + generator.normal(0, 0.03, n_draws))]
        for seed, encoder in enumerate(generator.normal(0, encoder_sd, n_encoders)):
            maes = 0.5 + encoder + draw + generator.normal(0, 0.03, n_draws)
            tables.append(rows("corrected", maes, arm_seed=seed))
        studies.append(paired(pd.concat(tables), PAIR, seed=0))
    found = pd.concat(studies)
    assert 0.88 <= ((found["low"] < -0.1) & (found["high"] > -0.1)).mean() <= 0.995
    variance = (found["standard_error"] ** 2).mean()
    assert variance == pytest.approx(found["difference"].var(), rel=0.35)


def test_constant_difference_collapses_the_interval():
    reference = np.linspace(0.5, 0.75, 8)
    results = pd.concat([rows("untrained", reference), rows("corrected", reference - 0.125)])
    row = paired(results, PAIR, seed=0).iloc[0]
    assert row["n_draws"] == 8
    assert [row["difference"], row["low"], row["high"]] == pytest.approx([-0.125] * 3)
    assert row["mean_reference"] == pytest.approx(0.625)
    assert row["mean_arm"] == pytest.approx(0.5)
    assert row["relative"] == pytest.approx(-0.2)


def test_symmetrical_noise_includes_zero():
    noise = np.random.default_rng(0).normal(size=10) * 0.05
    noise = np.concatenate([noise, -noise])
    results = pd.concat([rows("untrained", np.full(20, 0.6)), rows("corrected", 0.6 + noise)])
    row = paired(results, PAIR, seed=0).iloc[0]
    assert row["difference"] == pytest.approx(0, abs=1e-12)
    assert row["low"] < 0 < row["high"]
    error = noise.std(ddof=1) / np.sqrt(20)
    assert row["standard_error"] == pytest.approx(error)
    # quantiles .975 and .8 of Student's distribution with 19 degrees of freedom
    assert [row["high"], row["low"]] == pytest.approx([2.0930 * error, -2.0930 * error], rel=1e-4)
    assert row["detectable"] == pytest.approx((2.0930 + 0.8610) * error, rel=1e-4)
    # the bootstrap interval of a mean of n values is about ± 1.96 sd / sqrt(n)
    assert row["bootstrap_high"] == pytest.approx(1.96 * noise.std() / np.sqrt(20), rel=0.1)


def test_intervals_cover_other_encoders():
    results = pd.concat(
        [
            rows("untrained", [0.5, 0.6, 0.7]),
            rows("corrected", [0.4, 0.5, 0.6], arm_seed=0),
            rows("corrected", [0.2, 0.3, 0.4], arm_seed=1),
        ]
    )
    row = paired(results, PAIR, seed=0).iloc[0]
    assert (row["n_draws"], row["n_encoders_arm"], row["n_encoders_reference"]) == (3, 2, 1)
    assert row["difference"] == pytest.approx(-0.2)
    # means -0.1 and -0.3 of two encoders: one degree of freedom
    assert row["standard_error"] == pytest.approx(0.1)
    assert [row["low"], row["high"]] == pytest.approx([-0.2 - 1.2706, -0.2 + 1.2706], rel=1e-4)
    # drawing the first encoder twice, or the second
    assert [row["bootstrap_low"], row["bootstrap_high"]] == pytest.approx([-0.3, -0.1])


def test_equal_encoders_do_not_widen_the_interval():
    generator = np.random.default_rng(1)
    maes = generator.normal(0.5, 0.1, 8)
    one = pd.concat([rows("untrained", np.full(8, 0.6)), rows("corrected", maes)])
    two = pd.concat([one, rows("corrected", maes, arm_seed=1)])
    of_one, of_two = (paired(table, PAIR, seed=0).iloc[0] for table in (one, two))
    for end, tolerance in (("low", 1e-12), ("bootstrap_low", 0.005)):
        assert of_one[end] == pytest.approx(of_two[end], abs=tolerance)


def test_pairs_are_the_draws_of_both_arms_and_two_have_no_interval():
    results = pd.concat([rows("untrained", [0.5, 0.6, 0.7]), rows("corrected", [0.4, 0.5])])
    row = paired(results, PAIR, seed=0).iloc[0]
    assert row["n_draws"] == 2
    assert row["mean_reference"] == pytest.approx(0.55)
    assert row[["low", "high", "detectable", "bootstrap_low"]].isna().all()


def test_other_cells_and_the_order_of_rows_do_not_change_an_interval(tmp_path):
    generator = np.random.default_rng(2)
    cells = [
        rows(arm, generator.normal(0.5, 0.1, 6), n_labels=n)
        for arm in ("untrained", "corrected")
        for n in (50, 100)
    ]
    both = paired(pd.concat(cells).sample(frac=1, random_state=0), PAIR, seed=3)
    one = paired(pd.concat([cells[0], cells[2]]), PAIR, seed=3)
    pd.testing.assert_series_equal(both.iloc[0], one.iloc[0])
    assert list(both["n_labels"]) == [50, 100]
    tables.write(both, tmp_path / "paired.parquet", PAIRED, {})


def test_no_subset_in_common_gives_no_row():
    results = pd.concat([rows("untrained", [0.5] * 3), rows("corrected", [0.5] * 3, n_labels=100)])
    table = paired(results, PAIR, seed=0)
    assert table.empty
    assert list(table.columns) == PAIRED.names


def test_one_method_against_every_other():
    best = rows("extended", [0.3, 0.4, 0.5], head="trees")
    others = [
        rows("extended", [0.4, 0.5, 0.6]),
        rows("corrected", [0.5, 0.6, 0.7]),
        rows("scratch", [0.6, 0.7, 0.8], head="fine_tuning"),
        rows("scratch", [0.6, 0.7, 0.8], head="fine_tuning", n_labels=1000),
    ]
    table = standing(pd.concat([best, *others]), ("extended", "trees"), seed=0)
    assert set(table["arm"] + table["head"]) == {"extendedtrees"}
    found = table.set_index(["reference", "reference_head"])["difference"]
    assert found.to_dict() == pytest.approx(
        {
            ("extended", "ridge"): -0.1,
            ("corrected", "ridge"): -0.2,
            ("scratch", "fine_tuning"): -0.3,
        }
    )
    with pytest.raises(ValueError, match="no extended with mlp"):
        standing(best, ("extended", "mlp"), seed=0)


def test_arms_are_compared_under_every_head_that_both_have():
    table = paired(
        pd.concat(
            [
                rows("untrained", [0.5] * 3),
                rows("untrained", [0.6] * 3, head="mlp"),
                rows("corrected", [0.4] * 3),
                rows("corrected", [0.4] * 3, head="forest"),
            ]
        ),
        PAIR,
        seed=0,
    )
    assert table[["head", "reference_head"]].to_numpy().tolist() == [["ridge", "ridge"]]


def test_wrong_results_are_refused():
    reference, arm = rows("untrained", [0.5] * 3), rows("corrected", [0.4] * 3)
    with pytest.raises(ValueError, match="different labels: task gap, n_labels 50, draw 0"):
        paired(pd.concat([reference, arm.assign(label_ids_digest="other")]), PAIR, seed=0)
    with pytest.raises(ValueError, match="a fit twice"):
        paired(pd.concat([reference, arm, arm]), PAIR, seed=0)
    with pytest.raises(ValueError, match="no arm 'extended'"):
        paired(pd.concat([reference, arm]), [("extended", "untrained")], seed=0)
    with pytest.raises(ValueError, match="empty"):
        summary(reference.iloc[:0], {})


def test_summary(tmp_path):
    results = pd.concat(
        [rows("corrected", [1.0, 2.0], arm_seed=0), rows("corrected", [3.0, 6.0], arm_seed=1)]
    )
    table = summary(results, {"corrected": 4000})
    row = table.iloc[0]
    assert row["n_unlabelled"] == 4000
    assert set(summary(results, {})["n_unlabelled"]) == {0}
    assert (row["n_draws"], row["n_encoder_seeds"]) == (2, 2)
    assert (row["median"], row["mean"], row["min"], row["max"]) == (2.5, 3.0, 1.0, 6.0)
    assert row["sd"] == pytest.approx(np.std([1, 2, 3, 6], ddof=1))
    tables.write(table, tmp_path / "summary.parquet", SUMMARY, {})
