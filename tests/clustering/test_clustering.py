"""Kernel approximations, k-means, quality of clusters, held-out clusters."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist
from sklearn.metrics.pairwise import rbf_kernel

from unlabelled import tables
from unlabelled.clustering import loco, quality
from unlabelled.clustering.k_means import CLUSTERINGS, cluster, k_means, pairs_of_seeds, spaces
from unlabelled.clustering.kernels import approximate, compact, median_gamma, scaled
from unlabelled.composition import vectors
from unlabelled.composition.schema import compositions as compositions_schema
from unlabelled.errors import UserError

NONE = {"scaling": "raw", "map": "none"}
RBF = {"scaling": "standardised", "map": "rbf", "gamma": "median", "components": 100}
PUBLISHED = {"scaling": "raw", "map": "rbf", "gamma": 1.0, "components": 100}


@pytest.fixture(scope="module")
def blobs():
    random = np.random.default_rng(0)
    centres = np.repeat(random.uniform(-60, 60, (4, 6)), [80, 60, 40, 20], axis=0)
    return (centres + random.standard_normal((200, 6))).astype(np.float32)


def test_scaling(blobs):
    constant = np.column_stack([blobs, np.full(200, 7, np.float32)])
    assert scaled(constant, "raw") is constant
    standardised, unit = scaled(constant, "standardised"), scaled(constant, "unit")
    np.testing.assert_allclose(standardised[:, :6].std(axis=0), 1, rtol=1e-4)
    np.testing.assert_allclose(standardised.mean(axis=0), 0, atol=1e-5)
    assert (unit.min(axis=0) >= 0).all()
    assert (unit.max(axis=0) <= 1 + 1e-6).all()
    assert (standardised[:, 6] == 0).all()
    assert (unit[:, 6] == 0).all()
    assert unit.dtype == standardised.dtype == np.float32


@pytest.mark.parametrize("name", ["rbf", "nystroem"])
def test_inner_products_approximate_the_kernel(blobs, name):
    points = scaled(blobs, "standardised")
    kernel = RBF | {"map": name, "components": 150 if name == "nystroem" else 4000}
    features = approximate(blobs, kernel, 0)
    exact = rbf_kernel(points, gamma=median_gamma(points, 0))
    np.testing.assert_allclose(features @ features.T, exact, atol=0.08)


def test_the_median_heuristic_does_not_depend_on_the_unit(blobs):
    gamma = median_gamma(blobs, 0)
    assert gamma == pytest.approx(1 / (2 * np.median(pdist(blobs)) ** 2))
    assert median_gamma(blobs * 10, 0) == pytest.approx(gamma / 100, rel=1e-5)


def test_projections_differ_in_scale_alone_and_one_scale_keeps_distances(blobs):
    kernel = {"scaling": "raw", "map": "random_projection", "components": 900}
    published = approximate(blobs, kernel | {"scale": "1/D"}, 0)
    kept = approximate(blobs, kernel | {"scale": "1/sqrt(D)"}, 0)
    np.testing.assert_allclose(published * 30, kept, rtol=1e-3, atol=1e-3)
    assert np.median(pdist(kept) / pdist(blobs)) == pytest.approx(1, abs=0.05)
    assert np.median(pdist(published) / pdist(blobs)) == pytest.approx(1 / 30, rel=0.05)


def test_chi_square_maps(blobs):
    additive = {"scaling": "unit", "map": "additive_chi2"}
    assert approximate(blobs, additive | {"steps": 1}, 0).shape == (200, 6)
    assert approximate(blobs, additive | {"steps": 2}, 0).shape == (200, 18)
    skewed = {"map": "skewed_chi2", "skewedness": 1.0, "components": 30}
    assert approximate(blobs, skewed | {"scaling": "unit"}, 0).shape == (200, 30)
    with pytest.raises(ValueError, match="-skewedness"):
        approximate(blobs, skewed | {"scaling": "raw"}, 0)


def test_default_random_features_of_unscaled_points_are_a_hash(blobs):
    # the distances are far beyond 1, so all but identical points are alike
    exact = k_means(blobs, 4, 0, seed=0)
    published = [k_means(approximate(blobs, PUBLISHED, s), 4, 0, seed=0) for s in (0, 1)]
    assert abs(quality.agreement(published[0], exact)) < 0.1
    assert abs(quality.stability(published)) < 0.1
    corrected = [k_means(approximate(blobs, RBF, s), 4, 0, seed=0) for s in (0, 1)]
    assert quality.agreement(corrected[0], exact) > 0.9
    assert quality.stability(corrected) > 0.9
    assert (
        quality.evenness(published[0], 4)["size_sd_random"]
        < quality.evenness(exact, 4)["size_sd_random"]
    )


def test_fewer_coordinates_keep_distances_angles_and_the_origin(blobs):
    wide = (blobs @ np.random.default_rng(4).standard_normal((6, 40))).astype(np.float32)
    few = compact(wide)
    assert few.shape == (200, 6)
    assert few.dtype == np.float32
    np.testing.assert_allclose(few @ few.T, wide @ wide.T, rtol=1e-3, atol=0.05)
    assert compact(blobs) is blobs
    assert compact(np.zeros((5, 3))).shape == (5, 1)


def test_each_seed_varies_while_the_other_stays():
    assert pairs_of_seeds(NONE, [0, 1, 2]) == [(0, 0), (0, 1), (0, 2)]
    assert pairs_of_seeds(RBF, [0, 1, 2]) == [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0)]


def test_clusterings_are_reproducible_and_a_new_seed_or_number_changes_no_other(blobs):
    rows = np.arange(200, dtype=np.int32)[::-1]
    few = cluster(rows, blobs, RBF, [2, 4], [0, 1], seed=5)
    assert list(few.columns) == CLUSTERINGS.names
    assert (few.groupby(["k", "kernel_seed", "k_means_seed"])["cluster"].nunique()).to_list() == [
        *(2, 2, 2),
        *(4, 4, 4),
    ]
    many = cluster(rows, blobs, RBF, [2, 3, 4], [0, 1, 2], seed=5)
    both = few.merge(many, on=[name for name in CLUSTERINGS.names if name != "cluster"])
    assert len(both) == len(few)
    assert (both["cluster_x"] == both["cluster_y"]).all()
    assert few["row"].head(200).tolist() == rows.tolist()
    assert cluster(rows[:3], blobs[:3], NONE, [2, 4], [0], seed=5)["k"].max() == 2
    starts = [found[1] for found in spaces(blobs, RBF, [0, 1], seed=5)]
    assert starts == [[0, 1], [0]]


def test_quality_of_separate_and_of_random_clusters(blobs):
    labels = np.repeat([0, 1, 2, 3], [80, 60, 40, 20])
    shuffled = np.random.default_rng(1).permutation(labels)
    separate, random = (quality.separation(blobs, found, 0) for found in (labels, shuffled))
    assert separate["silhouette"] > 0.8 > 0.1 > random["silhouette"]
    assert separate["davies_bouldin"] < 0.5 < random["davies_bouldin"]
    assert quality.agreement(labels, 3 - labels) == 1
    assert abs(quality.agreement(labels, shuffled)) < 0.05
    assert np.isnan(quality.stability([labels]))
    assert quality.stability([labels, labels, shuffled]) == pytest.approx(1 / 3, abs=0.05)
    assert np.isnan(quality.separation(blobs, np.zeros(200, int), 0)["silhouette"])


def test_evenness_of_sizes():
    labels = np.repeat([0, 1, 2, 3], [80, 60, 40, 20])
    found = quality.evenness(labels, 4)
    assert found["size_sd"] == pytest.approx(np.std([80, 60, 40, 20], ddof=1))
    assert found["size_sd_random"] == pytest.approx(found["size_sd"] / np.sqrt(50))
    assert quality.evenness(np.arange(12) % 4, 4)["size_entropy"] == pytest.approx(1)
    assert quality.evenness(np.zeros(12, int), 4)["size_entropy"] == 0
    random = np.random.default_rng(2).integers(0, 5, (200, 3000))
    ratios = [quality.evenness(draw, 5)["size_sd_random"] for draw in random]
    assert np.mean(ratios) == pytest.approx(0.94, abs=0.05)


def extrapolation(random, n=120):
    """Points in separate clusters, with a target that jumps between them."""
    group = np.repeat(np.arange(4), n // 4)
    points = random.standard_normal((n, 3)) + 100 * group[:, None] ** 2
    return points.astype(np.float32), 5.0 * group**2 + points[:, 0] % 1


def test_clusters_test_extrapolation_and_a_hash_of_the_points_does_not():
    points, targets = extrapolation(np.random.default_rng(3))
    folds = loco.cross_validate(
        points,
        targets,
        kind="regression",
        kernels={"none": NONE, "rbf_published": PUBLISHED},
        n_clusters=[4],
        seeds=[0],
        seed=0,
        threads=1,
    ).assign(property="y", representation="x")
    assert (folds["n_train"] + folds["n_test"] == len(points)).all()
    assert folds.groupby(["folds", "seed"])["n_test"].sum().unique() == [120]
    scores = loco.summary(folds).set_index("folds")["score"]
    assert scores["random"] > 0.95
    assert scores["none"] < 0
    assert scores["rbf_published"] > 0.9


def test_the_summary_averages_folds_then_numbers_of_folds_then_seeds():
    columns = ["folds", "seed", "k", "n_test", "score"]
    rows = [
        ("a", 0, 2, 90, 1.0),
        ("a", 0, 2, 10, 0.0),
        ("a", 0, 3, 1, np.nan),
        ("a", 0, 3, 50, 0.6),
        ("a", 0, 3, 49, 0.8),
        ("a", 1, 2, 50, 0.4),
    ]
    folds = pd.DataFrame(rows, columns=columns).assign(property="y", representation="x")
    found = loco.summary(folds).iloc[0]
    first, second = (0.5 + 0.7) / 2, 0.4
    assert found["score"] == pytest.approx((first + second) / 2)
    weighted = (0.9 + (0.6 * 50 + 0.8 * 49) / 99) / 2
    assert found["weighted"] == pytest.approx((weighted + 0.4) / 2)
    assert found["seeds"] == 2
    half = 12.706 * abs(first - second) / 2
    assert found["high"] - found["score"] == pytest.approx(half, rel=1e-3)


@pytest.fixture
def labelled(tmp_path):
    """Forty compositions, of which every third is not represented and every fourth has no label."""
    frame = pd.DataFrame(
        {
            "entry": [f"x{i}" for i in range(40)],
            "source": "s",
            "formula": "H",
            "formula_reduced": "H",
            "atomic_numbers": [[1]] * 40,
            "amounts": [[1.0]] * 40,
            "n_rows": 1,
            "y": [np.nan if i % 4 == 0 else float(i) for i in range(40)],
        }
    )
    tables.write(frame, tmp_path / "compositions.parquet", compositions_schema({"y": "eV"}), {})
    rows = np.array([i for i in range(40) if i % 3], np.int32)
    features = np.stack([rows, rows**2], axis=1).astype(np.float32)
    vectors.write(rows, [features[:7], features[7:]], 2, tmp_path / "features.parquet", {})
    return tmp_path


def test_labels_stay_with_their_compositions_where_rows_were_left_out(labelled):
    paths = labelled / "compositions.parquet", [labelled / "features.parquet"]
    task = {"label": "y", "limit": None}
    points, targets = loco.labelled(*paths, task, None, seed=0)
    assert targets.tolist() == [i for i in range(40) if i % 3 and i % 4]
    np.testing.assert_array_equal(points[:, 0], targets)
    few, some = loco.labelled(*paths, task | {"limit": 9}, None, seed=0)
    assert len(some) == 9
    np.testing.assert_array_equal(few[:, 0], some)
    assert set(some) <= set(targets)


def test_projections_have_as_many_features_as_what_they_stand_for(labelled):
    wide = np.zeros((40, 5), np.float32)
    vectors.write(np.arange(40, dtype=np.int32), [wide], 5, labelled / "wide.parquet", {})
    paths = [labelled / "features.parquet", labelled / "wide.parquet"]
    task = {"label": "y", "limit": None}
    points, _ = loco.labelled(
        labelled / "compositions.parquet", paths, task, {"scale": "1/D"}, seed=0
    )
    assert points.shape[1] == 5


def test_no_label_at_all_is_an_error_that_names_the_files(labelled):
    nothing = labelled / "nothing.parquet"
    vectors.write(np.array([0, 4], np.int32), [np.zeros((2, 2), np.float32)], 2, nothing, {})
    with pytest.raises(UserError, match=r"compositions.parquet: no composition has both y and"):
        loco.labelled(
            labelled / "compositions.parquet",
            [nothing],
            {"label": "y", "limit": None},
            None,
            seed=0,
        )
