import numpy as np
import pytest

from unlabelled.phase_field import baselines, learner
from unlabelled.phase_field.cross_validation import cross_fit, cross_validate
from unlabelled.phase_field.fields import ELEMENTS, ids, key
from unlabelled.phase_field.folds import WHOLE, Fold
from unlabelled.phase_field.prediction import Fields

VECTORS = np.random.default_rng(0).normal(size=(87, 3)).astype(np.float32)


def drawn(n, seed):
    random = np.random.default_rng(seed)
    names = {key(random.choice(ELEMENTS[2:20], random.integers(2, 4), False)) for _ in range(n)}
    return sorted(names)


@pytest.fixture
def fields():
    names = drawn(90, 1)
    value = np.array([5.0 * ("F" in name.split()) for name in names])
    value += np.random.default_rng(2).random(len(names))
    return Fields(ids(names, 3), value, value > 3)


@pytest.mark.parametrize("kind", ["logistic", "extra_trees", "boosting", "neighbours"])
def test_it_says_what_the_workflow_says_of_candidates(fields, kind, monkeypatch):
    monkeypatch.setattr(baselines, "_TREES", 5)
    monkeypatch.setattr(baselines, "_ITERATIONS", 5)
    monkeypatch.setattr(learner, "_BLOCK", 16)
    others = ids(drawn(40, 5), 3)
    n, m = len(fields.value), len(others)
    both = Fields(
        np.concatenate([fields.ids, others]),
        np.append(fields.value, np.full(m, np.nan)),
        np.append(fields.above, np.zeros(m, bool)),
    )
    rows = cross_validate(
        cross_fit(baselines.calibrated(kind, VECTORS, "log1p", 1)),
        both,
        [Fold(*WHOLE, np.arange(n), np.arange(n, n + m))],
        n_inner=3,
        transform="log1p",
        seed=4,
        calibrated=True,
    )
    rows = rows[rows["part"] == "test"]
    model = learner.model(kind, VECTORS, "log1p", {})
    found = learner.judge(fields, model, VECTORS, "log1p", n_inner=3, seed=4)(others)
    columns = ("probability", "probability_sd", "predicted", "lower", "upper")
    for column, values in zip(columns, found, strict=True):
        np.testing.assert_allclose(values, rows[column], rtol=1e-9, err_msg=column)


def test_values_are_below_zero_only_if_some_are():
    assert learner.transform_of(np.array([0.0, 1])) == "log1p"
    assert learner.transform_of(np.array([-1.0, 1])) == "identity"
