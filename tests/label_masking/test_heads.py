import logging

import numpy as np
import pytest
from sklearn.metrics import r2_score

from unlabelled.label_masking import heads


def linear_problem(n, noise=0.0):
    generator = np.random.default_rng(3)
    X = generator.normal(size=(n + 200, 64)) * np.logspace(-3, 3, 64)
    y = (X / X.std(axis=0)) @ generator.normal(size=64) - 2 + noise * generator.normal(size=n + 200)
    return X[:n], y[:n], X[n:], y[n:]


def test_ridge_recovers_a_linear_law_whatever_the_units_of_the_features():
    X, y, X_test, y_test = linear_problem(250, noise=0.1)
    prediction = heads.fit_predict("ridge", X, y, X_test, random_state=0)
    assert r2_score(y_test, prediction) > 0.99


def test_mlp_learns_a_curved_law():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(400, 8))
    y = np.abs(X[:, 0]) + X[:, 1]
    prediction = heads.fit_predict("mlp", X[:300], y[:300], X[300:], random_state=0)
    assert r2_score(y[300:], prediction) > 0.8


SCALED = [head for head in heads.HEADS if not head.endswith("unscaled")]


@pytest.mark.parametrize("head", SCALED)
def test_constant_features_give_about_the_mean(head):
    X = np.ones((30, 64), dtype=np.float32)
    y = np.linspace(-1, 0, 30)
    prediction = heads.fit_predict(head, X, y, X[:5], random_state=0)
    assert np.allclose(prediction, -0.5, atol=0.05)


@pytest.mark.parametrize("head", SCALED)
def test_heads_do_not_see_the_scale_of_the_features(head):
    X, y, X_test, _ = linear_problem(50)
    first = heads.fit_predict(head, X, y, X_test, random_state=1)
    second = heads.fit_predict(head, 1024 * X, y, 1024 * X_test, random_state=1)
    assert np.allclose(first, second, rtol=1e-6, atol=1e-6)


def test_random_state_decides_the_mlp():
    X, y, X_test, _ = linear_problem(50)
    one, same, other = (
        heads.fit_predict("mlp", X, y, X_test, random_state=state) for state in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("head", ["mlp", "mlp_unscaled"])
def test_mlp_follows_the_specification(head):
    model = heads.HEADS[head](0)
    mlp = (model if head == "mlp_unscaled" else model.named_steps["mlpregressor"]).get_params()
    assert mlp["hidden_layer_sizes"] == [64]
    assert mlp["max_iter"] == 5000
    assert (mlp["activation"], mlp["solver"], mlp["alpha"]) == ("relu", "adam", 1e-4)


@pytest.mark.parametrize("head", ["linear_unscaled", "mlp_unscaled"])
def test_d11_unscaled_heads_take_the_features_as_they_are(head):
    X, y, X_test, _ = linear_problem(100)
    model = heads.HEADS[head](1).fit(X, y)
    prediction = heads.fit_predict(head, X, y, X_test, random_state=1)
    assert np.allclose(prediction, model.predict(X_test), rtol=1e-6)


@pytest.mark.parametrize("head", ["linear", "ridge", "mlp", "trees_and_gp"])
def test_a_feature_that_hardly_varies_does_not_explode(head):
    generator = np.random.default_rng(0)
    X = generator.normal(size=(60, 3))
    y = X[:, 0].copy()
    X[:, 2] *= 1e-6
    far = X[:5].copy()
    far[:, 2] = 1.0  # a million standard deviations away
    assert np.abs(heads.fit_predict(head, X, y, far, random_state=0)).max() < 10


@pytest.mark.parametrize("head", ["random_forest", "extra_trees", "trees_and_gp"])
def test_trees_and_processes_learn_a_curved_law(head):
    generator = np.random.default_rng(0)
    X = generator.uniform(-1, 1, size=(500, 4))
    y = np.sin(3 * X[:, 0]) + X[:, 1] ** 2
    prediction = heads.fit_predict(head, X[:350], y[:350], X[350:], random_state=0)
    assert r2_score(y[350:], prediction) > 0.9
    same = heads.fit_predict(head, X[:350], y[:350], X[350:], random_state=0)
    assert np.array_equal(prediction, same)


def test_missing_convergence_goes_to_the_log(monkeypatch, caplog, recwarn):
    def impatient(random_state):
        return heads.mlp(random_state).set_params(mlpregressor__max_iter=2)

    monkeypatch.setitem(heads.HEADS, "impatient", impatient)
    X, y, X_test, _ = linear_problem(50)
    with caplog.at_level(logging.WARNING):
        heads.fit_predict("impatient", X, y, X_test, random_state=0)
    assert "Maximum iterations (2) reached" in caplog.text
    assert not recwarn.list


def test_unknown_head():
    with pytest.raises(ValueError, match="ridge, mlp"):
        heads.fit_predict("boosting", np.ones((3, 1)), np.ones(3), np.ones((1, 1)), random_state=0)
