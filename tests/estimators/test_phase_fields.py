"""Estimators of sets of elements, as scikit-learn and a person use them."""

import pickle

import numpy as np
import pandas as pd
import pytest
from pymatgen.core import Composition
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

from unlabelled.estimators.phase_fields import PhaseFieldClassifier, PhaseFieldRegressor
from unlabelled.phase_field import baselines
from unlabelled.phase_field.kinds import CALIBRATED

VECTORS = np.random.default_rng(0).normal(size=(87, 3))
METALS = ["Li", "Na", "K", "Rb", "Mg", "Ca", "Sr", "Ba", "Al", "Ga", "In", "Zn"]
ANIONS = ["O", "S", "Se", "Te", "F", "Cl", "Br", "I", "N", "P"]
FORMULAS = [f"{metal}2{anion}" for metal in METALS for anion in ANIONS]
VALUES = np.array([("F" in f) * 20 + ("Mg" in f) * 5 + i % 7 / 7 for i, f in enumerate(FORMULAS)])
ABOVE = VALUES > 10


def classifier(model="logistic", **settings):
    return PhaseFieldClassifier(model, element_vectors=VECTORS, **settings)


def regressor(model="logistic", **settings):
    return PhaseFieldRegressor(model, element_vectors=VECTORS, **settings)


@pytest.fixture(scope="module", autouse=True)
def few_trees():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baselines, "_TREES", 10)
        patch.setattr(baselines, "_ITERATIONS", 10)
        yield


class _AsOfNumbers:
    """An estimator that claims to read numbers, so that all checks are made of it."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags


class Classifier(_AsOfNumbers, PhaseFieldClassifier):
    pass


class Regressor(_AsOfNumbers, PhaseFieldRegressor):
    pass


# What these check is tested below, on sets of elements, where it has a meaning.
OF_NUMBERS = [
    "check_array_api_input",
    "check_classifier_data_not_an_array",
    "check_classifier_not_supporting_multiclass",
    "check_classifiers_classes",
    "check_classifiers_one_label",
    "check_classifiers_regression_target",
    "check_classifiers_train",
    "check_complex_data",
    "check_dict_unchanged",
    "check_dont_overwrite_parameters",
    "check_dtype_object",
    "check_estimator_sparse_array",
    "check_estimator_sparse_matrix",
    "check_estimator_sparse_tag",
    "check_estimators_dtypes",
    "check_estimators_empty_data_messages",
    "check_estimators_fit_returns_self",
    "check_estimators_nan_inf",
    "check_estimators_overwrite_params",
    "check_estimators_pickle",
    "check_f_contiguous_array_estimator",
    "check_fit2d_1feature",
    "check_fit2d_1sample",
    "check_fit2d_predict1d",
    "check_fit_check_is_fitted",
    "check_fit_idempotent",
    "check_fit_score_takes_y",
    "check_methods_sample_order_invariance",
    "check_methods_subset_invariance",
    "check_n_features_in",
    "check_n_features_in_after_fitting",
    "check_pipeline_consistency",
    "check_positive_only_tag_during_fit",
    "check_readonly_memmap_input",
    "check_regressor_data_not_an_array",
    "check_regressors_int",
    "check_regressors_no_decision_function",
    "check_regressors_train",
    "check_requires_y_none",
    "check_supervised_y_2d",
]


@pytest.mark.parametrize("kind", [Classifier, Regressor])
def test_interface_of_scikit_learn(kind):
    reason = "it fits rows of numbers, which are no sets of elements"
    estimator = kind("logistic", element_vectors=VECTORS)
    done = check_estimator(
        estimator, expected_failed_checks=dict.fromkeys(OF_NUMBERS, reason), on_skip=None
    )
    found = {
        status: {one["check_name"] for one in done if one["status"] == status}
        for status in ("passed", "xfail", "failed")
    }
    assert found["failed"] == set()
    assert found["xfail"] <= set(OF_NUMBERS)
    assert not found["passed"] & set(OF_NUMBERS)
    assert len(found["passed"]) > 10


def test_checks_that_fail_do_so_because_numbers_are_no_sets():
    for estimator in (classifier(), regressor()):
        with pytest.raises(
            ValueError, match=r"entry 0: .*0\.5.* is no formula, set of elements or"
        ):
            estimator.fit(np.full((20, 1), 0.5), ABOVE[:20])


@pytest.mark.parametrize("model", CALIBRATED)
def test_models_learn_repeat_themselves_and_can_be_pickled(model, request):
    if model == "network":
        pytest.importorskip("torch")
    others = ["CsF", "Cs2F", "CsCl", "Cs Te", "Mg-F-Cl"]
    found = classifier(model).fit(FORMULAS, ABOVE)
    proba = found.predict_proba(others)
    assert proba.shape == (5, 2)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert proba[0, 1] > proba[2, 1] + 0.2
    assert (proba[0] == proba[1]).all()  # one set
    np.testing.assert_array_equal(found.predict(others), proba[:, 1] > 0.5)
    loaded = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(loaded.predict_proba(others), proba)
    again = clone(found).fit(FORMULAS, ABOVE)
    np.testing.assert_array_equal(again.predict_proba(others), proba)


@pytest.mark.parametrize("model", ["extra_trees", "neighbours"])
def test_values_have_intervals_that_hold_them(model):
    rows = np.arange(len(FORMULAS))
    test = rows % 3 == 0
    train = ~test
    known = np.array(FORMULAS)
    found = regressor(model).fit(known[train], VALUES[train])
    value, interval = found.predict(known[test]), found.predict_interval(known[test])
    assert interval.shape == (test.sum(), 2)
    assert (interval[:, 0] <= value).all()
    assert (value <= interval[:, 1]).all()
    held = (interval[:, 0] <= VALUES[test]) & (VALUES[test] <= interval[:, 1])
    assert held.mean() > 0.75
    assert (interval >= 0).all()  # no value is below 0
    assert np.corrcoef(value, VALUES[test])[0, 1] > 0.7
    negative = regressor(model).fit(known[train], VALUES[train] - 30)
    assert (negative.predict_interval(known[test]) < 0).any()


def as_column(entries):
    column = np.empty((len(entries), 1), dtype=object)
    column[:, 0] = entries
    return column


def test_every_form_of_input_is_the_same():
    expected = regressor().fit(FORMULAS, VALUES).predict(FORMULAS)
    forms = [
        np.array(FORMULAS),
        pd.Series(FORMULAS, index=range(5, 125)),
        pd.DataFrame({"formula": FORMULAS}),
        [Composition(formula) for formula in FORMULAS],
        as_column([Composition(formula) for formula in FORMULAS]),
        [f.replace("2", "-") for f in FORMULAS],
        [" ".join(sorted(f.split("2"), reverse=True)) for f in FORMULAS],
    ]
    for form in forms:
        np.testing.assert_array_equal(regressor().fit(form, VALUES).predict(form), expected)


@pytest.mark.filterwarnings("ignore:X has feature names")
def test_intervals_of_a_table_keep_its_index():
    found = regressor().fit(FORMULAS, VALUES)
    series = pd.Series(["CsF", "CsCl"], index=["a", "b"])
    for given in (series, series.to_frame("formula")):
        rows = found.predict_interval(given)
        assert rows.index.tolist() == ["a", "b"]
        assert rows.columns.tolist() == ["lower", "upper"]
        np.testing.assert_array_equal(rows, found.predict_interval(series.tolist()))


def test_the_largest_value_of_a_set_counts():
    lower = [*FORMULAS, *(f"{f}3" for f in FORMULAS)]
    twice = regressor().fit(lower, [*VALUES, *(VALUES - 5)])
    once = regressor().fit(FORMULAS, VALUES)
    np.testing.assert_array_equal(twice.predict(FORMULAS), once.predict(FORMULAS))
    found = classifier().fit(lower, [*ABOVE, *np.zeros(len(ABOVE), bool)])
    one = classifier().fit(FORMULAS, ABOVE)
    np.testing.assert_array_equal(found.predict_proba(FORMULAS), one.predict_proba(FORMULAS))


def test_classes_keep_their_names():
    labels = np.where(ABOVE, "yes", "no")
    found = classifier().fit(FORMULAS, labels)
    assert found.classes_.tolist() == ["no", "yes"]
    assert set(found.predict(FORMULAS)) == {"no", "yes"}
    assert (found.predict(FORMULAS) == labels).mean() > 0.95


def test_sets_unlike_those_learnt_are_outside():
    found = regressor().fit(FORMULAS, VALUES)
    assert found.inside(FORMULAS).all()
    assert (found.distance(FORMULAS) < 1e-4).all()
    assert not found.inside(["La Ce Pr Nd Sm Eu Gd"])[0]


def test_they_stand_in_for_others_in_searches_and_pipelines():
    scores = cross_val_score(classifier(), FORMULAS, ABOVE, cv=3, scoring="roc_auc")
    assert scores.min() > 0.9
    pipeline = Pipeline([("strip", FunctionTransformer(_stripped)), ("sets", regressor())])
    padded = [f" {formula} " for formula in FORMULAS]
    expected = regressor().fit(FORMULAS, VALUES).predict(FORMULAS)
    np.testing.assert_array_equal(pipeline.fit(padded, VALUES).predict(padded), expected)
    search = GridSearchCV(regressor(), {"model": ["logistic", "neighbours"]}, cv=2)
    assert search.fit(pd.Series(FORMULAS), VALUES).best_params_["model"] in CALIBRATED


def _stripped(entries):
    return [entry.strip() for entry in entries]


def test_bad_entries_are_named():
    bad = [*FORMULAS[:3], "Xx2O", None, float("nan"), "RaO", 3, "", *FORMULAS[3:]]
    y = np.resize([0, 1], len(bad))
    with pytest.raises(ValueError, match=r"entry 3: 'Xx2O'.*; entry 4: None.*; and 1 more") as said:
        classifier().fit(bad, y)
    assert "entry 6: 'RaO': Ra is not among the 87" in str(said.value)
    with pytest.raises(ValueError, match="entry 1: 'Zz'"):
        classifier().fit(FORMULAS, ABOVE).predict(["MgO", "Zz"])


@pytest.mark.parametrize(
    ("X", "y", "settings", "message"),
    [
        (FORMULAS, np.ones(120), {}, "1 class"),
        (FORMULAS, np.arange(120) % 3, {}, "3 class"),
        (FORMULAS, ABOVE[:5], {}, "120 entries, y has 5"),
        (FORMULAS, np.arange(120) / 7, {}, "Unknown label type"),
        (FORMULAS, None, {}, "requires y to be passed"),
        (FORMULAS, ABOVE, {"n_inner": 500}, "cannot be divided into 500 folds"),
        (FORMULAS, ABOVE, {"model": "oracle"}, "no model 'oracle': known are logistic"),
        (FORMULAS, ABOVE, {"element_vectors": VECTORS[:5]}, "5 element_vectors, not 87"),
        (FORMULAS, np.arange(120) == 3, {}, "too few on one side"),
        ([], [], {}, "X is empty"),
        (pd.DataFrame({"a": FORMULAS, "b": FORMULAS}), ABOVE, {}, "2 columns"),
    ],
)
def test_what_cannot_be_learnt_is_refused(X, y, settings, message):
    with pytest.raises(ValueError, match=message):
        classifier().set_params(**settings).fit(X, y)


def test_values_must_be_finite():
    with pytest.raises(ValueError, match="NaN"):
        regressor().fit(FORMULAS, np.where(ABOVE, np.nan, VALUES))


def test_nothing_is_said_before_learning():
    for method in ("predict", "predict_proba", "distance", "inside"):
        with pytest.raises(NotFittedError):
            getattr(classifier(), method)(FORMULAS)
    with pytest.raises(NotFittedError):
        regressor().predict_interval(FORMULAS)
