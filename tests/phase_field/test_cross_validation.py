import logging

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unlabelled import tables
from unlabelled.errors import UserError
from unlabelled.phase_field import prediction
from unlabelled.phase_field.baselines import dummy
from unlabelled.phase_field.cross_validation import (
    cross_fit,
    cross_validate,
    mixture,
    stack,
    write,
)
from unlabelled.phase_field.fields import ELEMENTS, ids, key, names
from unlabelled.phase_field.folds import (
    core_folds,
    element_folds,
    published_folds,
    random_folds,
)
from unlabelled.phase_field.prediction import Fields, Predictions

COLUMNS = prediction.schema("K").names
THRESHOLD = 3.0


def fields_of(n=240, seed=0):
    """Fields of 1 to 4 of 14 elements, with values of at least 0."""
    random = np.random.default_rng(seed)
    chosen = set()
    while len(chosen) < n:
        chosen.add(key(random.choice(ELEMENTS[:14], random.integers(1, 5), replace=False)))
    found = ids(sorted(chosen))
    value = random.exponential(4, n)
    return Fields(found, value, value > THRESHOLD)


def oracle(known, noise, seed=0):
    """A model that knows all values up to noise in log1p, and never looks at what it is given."""
    random = np.random.default_rng(seed)
    values = np.expm1(
        np.maximum(np.log1p(known.value) + random.normal(0, noise, known.value.size), 0)
    )
    by_name = dict(zip(names(known.ids), values, strict=True))

    def predict(others):
        value = np.array([by_name[name] for name in names(others)])
        score = 1 / (1 + np.exp(THRESHOLD - value))
        nothing = np.full(len(value), np.nan)
        return Predictions(score, value, nothing, nothing)

    return lambda fields, seed: predict


def validated(model, fields, folds, calibrated=True):
    return cross_validate(
        cross_fit(model) if calibrated else model,
        fields,
        folds,
        n_inner=4,
        transform="log1p",
        seed=0,
        calibrated=calibrated,
    )


SPLITS = {
    "random": lambda fields, seed: random_folds(fields.above, 3, 2, seed),
    "published": lambda fields, seed: published_folds(len(fields.above), 3),
    "element": lambda fields, seed: element_folds(fields.ids, fields.above, 3, seed, 20),
    "core": lambda fields, seed: core_folds(fields.ids, fields.above, 3, 6, seed),
}


@pytest.mark.parametrize("split", SPLITS)
@given(seed=st.integers(0, 99))
@settings(max_examples=5, deadline=None)
def test_no_field_is_predicted_by_a_model_that_saw_it(split, seed):
    fields = fields_of(seed=seed)
    folds = SPLITS[split](fields, seed)
    seen = []

    def spy(trained, seed):
        on, asked = set(names(trained.ids)), []
        assert trained.above.any()
        assert not trained.above.all()
        seen.append((on, asked))
        predict = oracle(fields, 0.2)(trained, seed)

        def spied(others):
            assert not on & set(names(others))
            asked.append(set(names(others)))
            return predict(others)

        return spied

    rows = validated(spy, fields, folds)
    seen = [(on, *asked) for on, asked in seen]  # what was left out, then what is tested
    assert len(seen) == 4 * len(folds)
    every = np.array(names(fields.ids))
    for number, fold in enumerate(folds):
        of_fold = seen[4 * number : 4 * number + 4]
        train, test = set(every[fold.train]), set(every[fold.test])
        assert all(on | left_out == train for on, left_out, _ in of_fold)
        assert all(tested == test for *_, tested in of_fold)
        assert sorted(field for _, left_out, _ in of_fold for field in left_out) == sorted(train)
        of_fold = rows[(rows["repeat"] == fold.repeat) & (rows["fold"] == fold.fold)]
        assert of_fold["held_out"].eq(fold.held_out).all()
        assert of_fold.loc[of_fold["part"] == "test", "field"].tolist() == every[fold.test].tolist()
        inner = of_fold.loc[of_fold["part"] == "inner", "field"]
        assert inner.tolist() == every[fold.train].tolist()


def test_the_values_of_the_test_part_change_no_prediction():
    fields = fields_of()
    fold = random_folds(fields.above, 3, 1, 0)[0]
    other_value, other_above = fields.value.copy(), fields.above.copy()
    other_value[fold.test] += 5
    other_above[fold.test] = ~other_above[fold.test]
    others = Fields(fields.ids, other_value, other_above)
    model = oracle(fields, 0.3)
    one, two = (validated(model, some, [fold]) for some in (fields, others))
    known = ["value", "above"]
    pd.testing.assert_frame_equal(one.drop(columns=known), two.drop(columns=known))


def test_predictions_of_the_test_part_are_means_over_the_inner_models():
    fields = fields_of()
    fold = random_folds(fields.above, 3, 1, 0)[0]
    made = []

    def model(trained, seed):
        random, found = np.random.default_rng(seed), []
        made.append(found)

        def predict(others):
            found.append(Predictions(*random.random((4, len(others)))))
            return found[-1]

        return predict

    rows = validated(model, fields, [fold])
    test = rows[rows["part"] == "test"]
    scores, values, _, sds = np.stack([of_test for _, of_test in made], axis=1)
    assert len(scores) == 4
    assert not np.allclose(scores[0], scores[1])
    np.testing.assert_allclose(test["score"], scores.mean(axis=0))
    np.testing.assert_allclose(test["predicted"], values.mean(axis=0))
    expected = np.sqrt(values.var(axis=0) + np.square(sds).mean(axis=0))
    np.testing.assert_allclose(test["predicted_sd"], expected)


def test_a_table_of_calibrated_predictions():
    fields = fields_of()
    folds = random_folds(fields.above, 3, 2, 0)
    rows = validated(oracle(fields, 0.3), fields, folds)
    assert rows.columns.tolist() == COLUMNS
    assert len(rows) == 2 * 3 * 240
    test, inner = (rows[rows["part"] == part] for part in ("test", "inner"))
    assert inner[["lower", "upper"]].isna().all(axis=None)
    assert (test["lower"] >= 0).all()
    assert ((test["lower"] <= test["predicted"]) & (test["predicted"] <= test["upper"])).all()
    covered = (test["lower"] <= test["value"]) & (test["value"] <= test["upper"])
    assert 0.84 < covered.mean() < 0.96
    assert not np.allclose(test["score"], test["probability"])
    assert test["score"].rank().corr(test["probability"].rank()) > 0.95
    again = validated(oracle(fields, 0.3), fields, folds)
    pd.testing.assert_frame_equal(rows, again)


def test_values_below_zero_are_mended_by_calibrated_models_alone():
    fields = fields_of()
    folds = random_folds(fields.above, 3, 1, 0)

    def below(trained, seed):
        def predict(others):
            found = oracle(fields, 0)(trained, seed)(others)
            return found._replace(value=found.value - 5)

        return predict

    assert validated(below, fields, folds)["predicted"].min() == 0
    assert validated(below, fields, folds, calibrated=False)["predicted"].min() < -4


def test_a_model_as_published_is_trained_once_and_taken_at_its_word():
    fields = fields_of()
    folds = random_folds(fields.above, 3, 1, 0)
    rows = validated(dummy(), fields, folds, calibrated=False)
    assert rows.columns.tolist() == COLUMNS
    assert rows["part"].eq("test").all()
    assert rows["probability"].equals(rows["score"].rename("probability"))
    assert rows[["lower", "upper"]].isna().all(axis=None)
    assert rows["field"].tolist() == [names(fields.ids)[row] for fold in folds for row in fold.test]
    first = rows[rows["fold"] == 0]
    assert first["predicted"].eq(np.median(fields.value[folds[0].train])).all()
    assert first["probability"].eq(fields.above[folds[0].train].mean()).all()


def test_a_training_part_of_one_class_is_an_error():
    fields = fields_of()
    above = np.arange(240) < 80
    (fold, *_) = published_folds(240, 3)
    message = "repeat 0, fold 0 : all 160 fields to train on are on one side"
    for calibrated in (True, False):
        with pytest.raises(UserError, match=message):
            validated(dummy(), fields._replace(above=above), [fold], calibrated)


def test_no_folds_are_an_error():
    with pytest.raises(UserError, match="there are no folds"):
        validated(dummy(), fields_of(), [])


def losses(rows, part="inner"):
    chosen = rows[rows["part"] == part]
    likelihood = chosen["probability"].where(chosen["above"], 1 - chosen["probability"])
    error = (chosen["value"] - chosen["predicted"]).abs()
    return np.array([-np.log(likelihood).mean(), error.mean()])


@pytest.fixture(scope="module")
def of_models():
    fields = fields_of()
    folds = random_folds(fields.above, 3, 1, 0)
    return {
        name: validated(oracle(fields, noise, seed), fields, folds)
        for name, noise, seed in (("good", 0.3, 0), ("as good", 0.3, 1), ("bad", 3.0, 2))
    }


def test_a_stack_picks_the_right_model(of_models, caplog):
    with caplog.at_level(logging.INFO):
        rows = stack({name: of_models[name] for name in ("bad", "good")}, transform="log1p")
    assert rows.columns.tolist() == COLUMNS
    assert len(caplog.messages) == 3
    for message in caplog.messages:
        of_probabilities, of_values = message.split(", of values ")
        assert float(of_probabilities.split()[-1]) > 0.85
        assert float(of_values.split()[-1]) > 0.85
    good = of_models["good"]
    correlation = rows["predicted"].corr(good["predicted"])
    assert correlation > 0.95
    assert rows["field"].equals(good["field"])


def test_a_stack_weighs_classes_and_values_apart(of_models):
    good, bad = of_models["good"], of_models["bad"]
    of_values = ["predicted", "predicted_sd"]
    classes, values = good.copy(), bad.copy()
    classes[of_values], values[of_values] = bad[of_values], good[of_values]
    rows = stack({"classes": classes, "values": values}, transform="log1p")
    for _, part in rows.groupby("part"):
        assert part["predicted"].corr(good.loc[part.index, "predicted"]) > 0.98
        assert part["score"].corr(good.loc[part.index, "probability"]) > 0.98


def test_a_stack_is_no_worse_than_its_models(of_models):
    rows = stack(of_models, transform="log1p")
    each = np.array([losses(found) for found in of_models.values()])
    # calibrated again, for the likelihood of softened targets
    assert (losses(rows) <= each.min(axis=0) + 1e-3).all()
    assert (losses(rows, "test") < np.max([losses(f, "test") for f in of_models.values()], 0)).all()
    # two that are equally good err less together
    assert (losses(rows) < each.min(axis=0) - 0.01).all()
    test = rows[rows["part"] == "test"]
    assert ((test["lower"] >= 0) & (test["lower"] <= test["upper"])).all()


def test_a_stack_of_one_model_is_that_model(of_models):
    rows = stack({"good": of_models["good"]}, transform="log1p")
    columns = ["predicted", "lower", "upper"]
    np.testing.assert_allclose(rows[columns], of_models["good"][columns])
    # calibrated already
    np.testing.assert_allclose(rows["probability"], of_models["good"]["probability"], atol=0.02)


def test_the_weights_of_a_stack_do_not_know_the_test_part(of_models):
    changed = {
        name: rows.assign(
            value=rows["value"].where(rows["part"] == "inner", 99.0),
            above=rows["above"].where(rows["part"] == "inner", True),
        )
        for name, rows in of_models.items()
    }
    one, two = (stack(some, transform="log1p") for some in (of_models, changed))
    known = ["value", "above"]
    pd.testing.assert_frame_equal(one.drop(columns=known), two.drop(columns=known))


def test_what_cannot_be_stacked_is_an_error(of_models):
    with pytest.raises(UserError, match="there are no models"):
        stack({}, transform="log1p")
    test = of_models["bad"][lambda rows: rows["part"] == "test"]
    with pytest.raises(UserError, match="bad cannot be stacked: it was not calibrated"):
        stack({"good": of_models["good"], "bad": test}, transform="log1p")
    with pytest.raises(UserError, match="good and bad do not predict the same fields"):
        stack({"good": of_models["good"], "bad": of_models["bad"][1:]}, transform="log1p")


def test_a_mixture_spreads_by_its_members_and_between_them():
    one = Predictions(*np.array([[0.2], [1.0], [0.1], [2.0]]))
    two = Predictions(*np.array([[0.6], [5.0], [np.nan], [np.nan]]))
    found = mixture([one, two], np.array([0.75, 0.25]))
    assert found.probability == pytest.approx(0.3)
    assert found.value == pytest.approx(2.0)
    assert found.probability_sd == pytest.approx(np.sqrt(0.75 * (0.01 + 0.01) + 0.25 * 0.09))
    assert found.value_sd == pytest.approx(np.sqrt(0.75 * (4 + 1) + 0.25 * 9))


def test_predictions_are_written_with_their_provenance(tmp_path, of_models, caplog):
    path = tmp_path / "predictions.parquet"
    with caplog.at_level(logging.INFO):
        write(of_models["good"], path, unit="K", provenance={"seed": 0})
    found = tables.read(path)
    assert found.columns.tolist() == COLUMNS
    assert found["predicted"].tolist() == of_models["good"]["predicted"].tolist()
    assert tables.provenance(path) == {"seed": 0}
    assert "3 folds, 240 fields held out: mean absolute error" in caplog.text
