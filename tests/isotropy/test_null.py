"""Null models against points that are drawn, intervals, the scorer and the clouds."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from unlabelled.isotropy import MEASURES, bootstrap, isotropy, isotropy_scorer, null
from unlabelled.isotropy.clouds import CLOUDS, COLUMNS, measure_clouds
from unlabelled.isotropy.null import null_of_average
from unlabelled.seeds import generator

FAST = [name for name in MEASURES if name != "i_rnd"]


@pytest.mark.parametrize("measure", FAST)
@pytest.mark.parametrize(("n", "d"), [(40, 12), (30, 90), (120, 66)])
def test_the_null_is_what_gaussian_points_give(measure, n, d):
    draws = 200
    random = np.random.default_rng(0)
    values = [isotropy(random.standard_normal((n, d)), measure=measure).value for _ in range(draws)]
    found = null(measure, n, d, draws=draws)
    error = np.hypot(np.std(values), found.sd) / np.sqrt(draws)
    # i_vec in many dimensions is an approximation
    slack = 0.1 * found.sd if measure == "i_vec" else 0
    assert abs(np.mean(values) - found.mean) < 4.5 * error + slack
    assert np.std(values) == pytest.approx(found.sd, rel=0.25)


def test_the_null_depends_on_its_arguments_alone():
    first = null("isoscore", 50, 20)
    null.cache_clear()
    null("isoscore", 51, 20)
    assert null("isoscore", 50, 20) == first
    assert null("isoscore", 50, 20, seed=1) != first
    assert np.isnan(null("i_vec", 1, 3).mean)


def test_the_null_of_an_average_is_the_average_of_nulls():
    X = np.random.default_rng(1).standard_normal((91, 6))
    labels = np.repeat([0, 1, 2], [60, 30, 1])
    measured = isotropy(X, labels, "isoscore")
    a, b = null("isoscore", 60, 6), null("isoscore", 30, 6)
    found = null_of_average("isoscore", measured, 6)
    assert found.mean == pytest.approx((2 * a.mean + b.mean) / 3)
    assert found.sd == pytest.approx(np.sqrt(4 * a.sd**2 + b.sd**2) / 3)
    assert abs(measured.value - found.mean) < 4 * found.sd


def test_bootstrap_intervals_are_as_wide_as_other_points_would_move_the_value():
    random = np.random.default_rng(2)

    def draw():
        return random.standard_normal((400, 4)) * [1, 1, 2, 3]

    spread = np.std([isotropy(draw(), measure="isoscore").value for _ in range(200)])
    X = draw()
    interval = bootstrap(X, measure="isoscore")
    assert interval.sd == pytest.approx(spread, rel=0.35)
    value = isotropy(X, measure="isoscore").value
    assert interval.low < value < interval.high
    assert interval == bootstrap(X, measure="isoscore")
    assert np.isnan(bootstrap([[1, 2]]).low)


def test_a_grid_search_picks_the_clusters_that_are_round():
    random = np.random.default_rng(3)
    X = random.standard_normal((300, 2)) + np.tile([[0, 0], [30, 0], [60, 0]], (100, 1))
    search = GridSearchCV(
        make_pipeline(StandardScaler(with_std=False), KMeans(random_state=0)),
        {"kmeans__n_clusters": [1, 3]},
        scoring=isotropy_scorer("fractional_anisotropy_normalised"),
        cv=3,
    ).fit(X)
    assert search.best_params_ == {"kmeans__n_clusters": 3}
    assert (search.cv_results_["mean_test_score"] <= 0).all()  # anisotropy counts against


def test_the_scorer_measures_where_the_clusters_were_made():
    X = np.random.default_rng(4).standard_normal((200, 2)) * [1, 100]
    scaled = make_pipeline(StandardScaler(), KMeans(1)).fit(X)
    assert isotropy_scorer("isoscore")(scaled, X) > 0.95
    assert isotropy_scorer("isoscore")(KMeans(1).fit(X), X) < 0.01


def test_clouds_are_told_apart_by_the_corrected_measures_and_not_by_the_published_directions():
    measures = ["i_vec", "i_rnd", "fractional_anisotropy_normalised"]
    table = measure_clouds(400, 5, measures, 2, seed=0)
    assert list(table.columns) == COLUMNS.names
    assert len(table) == len(CLOUDS) * 2 * (2 + 2 + 1)
    corrected = table[table["implementation"] == "corrected"]
    by_cloud = corrected.groupby(["measure", "cloud"])["z"].mean()
    assert (by_cloud[:, "isotropic"].abs() < 4).all()
    assert by_cloud["i_vec", "line"] < -20
    assert by_cloud["fractional_anisotropy_normalised", "stretched"] > 20
    directions = table[(table["measure"] == "i_rnd") & (table["implementation"] == "published")]
    assert directions["value"].min() > 0.99
    assert directions["z"].isna().all()


@pytest.mark.parametrize("name", CLOUDS)
def test_shapes_of_clouds(name):
    X = CLOUDS[name](4000, 6, generator(0, name))
    variances = np.sort(np.linalg.eigvalsh(np.cov(X.T)))[::-1]
    expected = {
        "stretched": lambda v: v[0] / v[1] == pytest.approx(100, rel=0.2),
        "power_law": lambda v: v[0] / v[5] == pytest.approx(6, rel=0.2),
        "half_zero": lambda v: (v[3:] < 1e-12).all() and v[2] > 0.5,
        "line": lambda v: (v[1:] < 1e-9).all(),
        "two_blobs": lambda v: v[0] == pytest.approx(10, rel=0.1),
    }
    if name in expected:
        assert expected[name](variances)
    else:
        assert variances[0] / variances[-1] < 1.6
