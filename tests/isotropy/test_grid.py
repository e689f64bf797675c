"""Measures of clusterings: values, quality, nulls and intervals side by side."""

import numpy as np
import pytest

from unlabelled.clustering.k_means import cluster
from unlabelled.clustering.kernels import compact
from unlabelled.isotropy import MEASURES as MEASURES_BY_NAME
from unlabelled.isotropy import bootstrap, isotropy
from unlabelled.isotropy.bootstrap import intervals
from unlabelled.isotropy.grid import ISOTROPY, measure_clusterings
from unlabelled.isotropy.measures import clusters, isotropy_of
from unlabelled.isotropy.null import null_of_average

NONE = {"scaling": "standardised", "map": "none"}
RBF = {"scaling": "standardised", "map": "rbf", "gamma": "median", "components": 20}
MEASURES = {"corrected": ["i_vec", "isoscore"], "published": ["fractional_anisotropy"]}
SEEDS = [0, 1]


@pytest.fixture(scope="module")
def measured():
    random = np.random.default_rng(0)
    X = random.standard_normal((150, 4)) + np.repeat([[0], [9], [20]], 50, axis=0)
    rows = np.arange(150)
    options = {"measures": MEASURES, "seeds": SEEDS, "bootstrap_k": [3], "bootstrap_draws": 20}
    made = {name: cluster(rows, X, k, [2, 3], SEEDS, seed=0) for name, k in KERNELS.items()}
    return (
        X,
        made,
        {
            name: measure_clusterings(X, kernel, made[name], made["none"], **options, seed=0)
            for name, kernel in KERNELS.items()
        },
    )


KERNELS = {"none": NONE, "rbf": RBF}


def test_one_row_per_clustering_and_measure(measured):
    _, _, found = measured
    names = set(ISOTROPY.names) - {"representation", "kernel"}
    assert {name: set(table.columns) for name, table in found.items()} == {
        "none": names,
        "rbf": names,
    }
    assert len(found["none"]) == 2 * (2 * 2 + 1)
    assert len(found["rbf"]) == 2 * (3 * 2 + 1)
    assert found["rbf"]["d"].unique().tolist() == [20]


def test_values_are_those_of_the_measures(measured):
    X, made, found = measured
    row = found["none"].query("k == 3 and k_means_seed == 1 and measure == 'isoscore'").iloc[0]
    labels = made["none"].query("k == 3 and k_means_seed == 1")["cluster"].to_numpy()
    space = (X - X.mean(axis=0)) / X.std(axis=0)
    expected = isotropy(space, labels, "isoscore")
    assert row["value"] == pytest.approx(expected.value)
    null = null_of_average("isoscore", expected, 4, seed=0)
    assert (row["null_mean"], row["null_sd"]) == null
    assert row["z"] == pytest.approx((expected.value - null.mean) / null.sd)


def test_quality_and_intervals_stand_where_they_are_defined(measured):
    _, _, found = measured
    plain, rbf = found["none"], found["rbf"]
    assert (plain["ari_to_plain"] == 1).all()
    assert plain["stability_kernel"].isna().all()
    assert (plain.loc[plain["k"] == 3, "stability_k_means"] > 0.95).all()
    assert rbf["stability_kernel"].notna().all()
    with_interval = rbf.dropna(subset="low")
    assert (with_interval[["k", "kernel_seed", "k_means_seed"]] == [3, 0, 0]).all(axis=None)
    assert set(with_interval["measure"]) == set(MEASURES["corrected"])
    assert with_interval["value"].between(with_interval["low"], with_interval["high"]).all()
    published = rbf[rbf["implementation"] == "published"]
    assert published[["null_mean", "z", "low"]].isna().all(axis=None)


def test_points_in_fewer_coordinates_have_the_same_shape():
    random = np.random.default_rng(1)
    X = random.standard_normal((90, 5)) @ random.standard_normal((5, 30)) + 3
    labels = np.repeat([0, 1, 2], 30)
    few = compact(X)
    assert few.shape[1] == 6  # the centre is not the origin
    for measure in MEASURES_BY_NAME:
        whole = isotropy_of(clusters(X, labels), measure).value
        found = isotropy_of(clusters(few, labels, 30), measure).value
        # random directions are other ones
        tolerance = 0.05 if measure == "i_rnd" else 1e-7
        assert found == pytest.approx(whole, rel=tolerance), measure


def test_intervals_of_several_measures_are_those_of_each():
    X = np.random.default_rng(2).standard_normal((80, 3))
    labels = np.arange(80) % 2
    found = intervals(clusters(X, labels), ["isoscore", "i_vec"], draws=10, seed=3)
    assert found["isoscore"] == bootstrap(X, labels, "isoscore", draws=10, seed=3)
    assert found["i_vec"] == bootstrap(X, labels, "i_vec", draws=10, seed=3)
