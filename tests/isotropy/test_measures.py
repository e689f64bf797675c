"""Measures against deterministic vectors, the authors' double loop, limits and invariances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import special_ortho_group

from unlabelled.isotropy import MEASURES, i_vec, isotropy, published
from unlabelled.isotropy.cluster import Cluster
from unlabelled.isotropy.partition import log_partition
from unlabelled.isotropy.spectrum import isoscore_star, participation_ratio_corrected

CROSS = np.array([[2, 0], [-2, 0], [0, 1], [0, -1]])
AXES = np.vstack([np.eye(3), -np.eye(3)])
PAIR = np.array([[0, 0, 0], [1, 2, 3]])
TRIANGLE = np.array([[0, 0], [0, 1], [3, 0]])

VECTORS = {
    "fractional_anisotropy": [0.514495755, 0, 0.816496581, 0.649588576],
    "fractional_anisotropy_normalised": [0.727606875, 0, 1, 0.918656974],
    "eigenvalue_variance": [0.09, 0, 2 / 9, 0.1825],
    "participation_ratio": [1.470588235, 3, 1, 1.156069364],
    "isoscore": [0.470588235, 1, 0, 0.156069364],
    "i_vec": [0.736495949, 1, 0.648054274, 0.608950390],
}
ROTATED = ("fractional_anisotropy", "eigenvalue_variance", "participation_ratio", "i_vec")
SMALL = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("measure", VECTORS)
@pytest.mark.parametrize("number", range(4))
def test_vectors(measure, number):
    X = (CROSS, AXES, PAIR, TRIANGLE)[number]
    assert float(isotropy(X, measure=measure)) == pytest.approx(VECTORS[measure][number], abs=1e-9)


def test_i_vec_of_the_cross_is_that_of_hyperbolic_cosines():
    expected = (2 * np.cosh(2 / 3) + 2) / (2 * np.cosh(4 / 3) + 2)
    assert i_vec(CROSS) == pytest.approx(expected, abs=1e-14)
    assert i_vec([[0.3, 7], [1, 8]]) == pytest.approx(1 / np.cosh(1), abs=1e-12)


def test_published_i_vec_takes_one_of_the_two_signs():
    # the sign is LAPACK's choice
    found = [published.i_vec(TRIANGLE), published.i_vec(-TRIANGLE)]
    for value in found:
        assert min(abs(value - 0.722419), abs(value - 0.609423)) < 1e-6
    assert i_vec(TRIANGLE) == pytest.approx(i_vec(-TRIANGLE), abs=1e-12)


def loop(X, directions):
    """Partition function as released: two loops in Python."""
    Z = np.zeros(directions.shape[1])
    for j in range(directions.shape[1]):
        for x in X:
            Z[j] += np.exp(directions[:, j] @ x)
    return Z.min() / Z.max()


@pytest.mark.parametrize(("n", "d"), [(40, 6), (5, 12)])
def test_published_measures_equal_the_released_loops(n, d):
    X = np.random.default_rng(n).exponential(size=(n, d))
    scaled = X - X.mean(axis=0)
    scaled /= np.linalg.norm(scaled, axis=1).mean()
    axes = np.linalg.svd(scaled.T @ scaled)[0]
    assert published.i_vec(X) == pytest.approx(loop(scaled, axes), rel=1e-10)
    directions = np.random.default_rng(3).random((d, 20))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    found = published.i_rnd(X, n_directions=20, seed=3)
    assert found == pytest.approx(loop(scaled, directions), rel=1e-10)
    eigenvalues = np.linalg.eigvalsh(np.cov(X.T))
    shares = eigenvalues / eigenvalues.sum()
    expected = np.sqrt(np.var(shares) / np.mean(shares**2))
    assert published.fractional_anisotropy(X) == pytest.approx(expected, rel=1e-10)
    assert published.eigenvalue_variance(X) == pytest.approx(np.var(shares), rel=1e-10)


def test_published_directions_are_not_unit_vectors_and_tell_nothing_apart():
    random = np.random.default_rng(0)
    round_one, long_one = random.standard_normal((2, 100, 2))
    long_one[:, 1] *= 4
    assert published.i_rnd(round_one) - published.i_rnd(long_one) < 0.002
    assert (
        isotropy(round_one, measure="i_rnd").value > isotropy(long_one, measure="i_rnd").value + 0.3
    )


@pytest.mark.parametrize("X", [[[1, 2, 3]], np.ones((5, 3)), np.full((40, 7), 1e8 / 3)])
@pytest.mark.parametrize("measure", [name for name in MEASURES if name != "mean_cosine"])
def test_no_variance_is_undefined(X, measure):
    measured = isotropy(X, measure=measure)
    assert np.isnan(measured.value)
    assert measured.excluded_weight == 1
    assert measured.clusters[0].undefined in ("one point", "no variance")
    if MEASURES[measure].published and len(X) < 40:
        assert np.isnan(isotropy(X, measure=measure, implementation="published").value)


def test_one_dimension_has_no_spectrum_to_compare():
    X = np.random.default_rng(0).standard_normal((20, 1))
    assert np.isnan(isotropy(X, measure="isoscore").value)
    assert np.isnan(published.fractional_anisotropy(X))
    assert 0 < i_vec(X) <= 1


def test_published_axes_that_lapack_does_not_find_are_nan(monkeypatch):
    def svd(matrix):
        raise np.linalg.LinAlgError("SVD did not converge")

    monkeypatch.setattr(np.linalg, "svd", svd)
    assert np.isnan(published.i_vec(TRIANGLE))


def test_one_far_outlier_overflows_the_published_form_alone():
    X = np.zeros((3000, 3))
    X[0] = 1
    with np.errstate(over="ignore"):
        assert published.i_rnd(X * [1, 2, 3]) < 1e-30
    scaled = X - X.mean(axis=0)
    scaled /= np.linalg.norm(scaled, axis=1).mean()
    assert scaled.max() > 800  # beyond what exp can take
    assert np.isfinite(i_vec(X))


def test_log_partition_of_blocks_equals_that_of_all():
    P = np.random.default_rng(1).standard_normal((50, 7)) * 300
    expected = np.stack([logsumexp(P, axis=0), logsumexp(-P, axis=0)])
    np.testing.assert_allclose(log_partition([P]), expected, rtol=1e-13)
    np.testing.assert_allclose(log_partition([P[:3], P[3:20], P[20:]]), expected, rtol=1e-13)


@pytest.mark.parametrize(("n", "d"), [(30, 80), (80, 30), (30, 30)])
def test_either_gram_matrix_gives_what_the_full_covariance_gives(n, d):
    X = np.random.default_rng(2).standard_normal((n, d)) * np.arange(1, d + 1)
    eigenvalues = np.linalg.eigvalsh(np.cov(X.T))
    ratio = eigenvalues.sum() ** 2 / (eigenvalues**2).sum()
    assert isotropy(X, measure="participation_ratio").value == pytest.approx(ratio, rel=1e-12)
    scaled = X - X.mean(axis=0)
    singular = np.linalg.svd(scaled, compute_uv=False)[: min(n - 1, d)]
    entropy = -(singular / singular.sum() * np.log(singular / singular.sum())).sum()
    assert isotropy(X, measure="effective_rank").value == pytest.approx(np.exp(entropy), rel=1e-9)
    scaled /= np.linalg.norm(scaled, axis=1).mean()
    axes = np.linalg.svd(scaled)[2]  # null directions included
    logs = np.stack([logsumexp(scaled @ axes.T, axis=0), logsumexp(-scaled @ axes.T, axis=0)])
    assert i_vec(X) == pytest.approx(np.exp(logs.min() - logs.max()), rel=1e-9)


def test_isoscore_star_shrinks_to_its_target():
    X = np.random.default_rng(4).standard_normal((60, 4)) * [1, 2, 3, 4]
    covariance = np.cov(X.T)
    for target in (None, np.diag([4.0, 3, 2, 1])):
        towards = np.eye(4) * covariance.trace() / 4 if target is None else target
        eigenvalues = np.linalg.eigvalsh(0.7 * covariance + 0.3 * towards)
        ratio = eigenvalues.sum() ** 2 / (eigenvalues**2).sum()
        found = isoscore_star(X, shrinkage=0.3, target=target)
        assert found == pytest.approx((ratio - 1) / 3, rel=1e-12)
    assert isoscore_star(X, shrinkage=1.0) == pytest.approx(1)


def test_unbiased_participation_ratio_is_that_of_disjoint_sets_of_points():
    X = np.random.default_rng(5).exponential(size=(7, 3))
    n = len(X)
    squares = totals = count = 0
    for i in range(n):
        for j in range(n):
            for k in range(n):
                for m in range(n):
                    if len({i, j, k, m}) == 4:
                        a, b = X[i] - X[j], X[k] - X[m]
                        squares += (a @ b) ** 2 / 4
                        totals += (a @ a) * (b @ b) / 4
                        count += 1
    assert participation_ratio_corrected(X) == pytest.approx(totals / squares, rel=1e-10)
    assert np.isnan(participation_ratio_corrected(X[:3]))


def test_unbiased_participation_ratio_of_few_points_is_near_that_of_many():
    random = np.random.default_rng(6)
    ratios = [participation_ratio_corrected(random.standard_normal((100, 200))) for _ in range(20)]
    assert np.mean(ratios) == pytest.approx(200, rel=0.05)
    assert isotropy(random.standard_normal((100, 200)), measure="participation_ratio").value < 75


def test_the_fixed_point_finds_no_smaller_maximum():
    X = np.random.default_rng(7).exponential(size=(300, 5))
    assert i_vec(X, exact=True) <= i_vec(X)
    angles = np.linspace(0, 2 * np.pi, 100_000)
    plane = X[:, :2]
    scaled = (plane - plane.mean(axis=0)) / Cluster(plane).mean_distance
    most = log_partition([scaled @ np.stack([np.cos(angles), np.sin(angles)])]).max()
    least = log_partition([scaled @ Cluster(scaled)._decomposition[1]]).min()
    assert i_vec(plane, exact=True) == pytest.approx(np.exp(least - most), rel=1e-6)


def test_limits():
    random = np.random.default_rng(8)
    line = np.outer(random.standard_normal(200_000), [1.0, 2.0])
    assert i_vec(line) == pytest.approx(np.exp(-np.pi / 4), abs=0.01)
    n, d = 4000, 100
    assert i_vec(random.standard_normal((n, d))) == pytest.approx(1 - 2 / np.sqrt(n * d), abs=5e-4)
    anisotropy = isotropy(random.standard_normal((500, 500)), measure="fractional_anisotropy")
    assert anisotropy.value == pytest.approx(np.sqrt(0.5), abs=0.002)


@given(SMALL, st.integers(4, 40), st.integers(2, 12))
@settings(max_examples=40)
def test_invariances(seed, n, d):
    random = np.random.default_rng(seed)
    X = random.exponential(size=(n, d)) * random.uniform(0.2, 3, d)
    moved = {
        "translated": X + random.uniform(-5, 5, d),
        "scaled": X * 37.5,
        "reflected": -X,
        "rotated": X @ special_ortho_group(d, seed=random).rvs(),
    }
    for measure in MEASURES:
        value = isotropy(X, measure=measure).value
        for name, points in moved.items():
            if (measure == "mean_cosine" and name == "translated") or (
                measure == "i_rnd" and name == "rotated"
            ):
                continue
            again = isotropy(points, measure=measure).value
            np.testing.assert_allclose(
                again, value, rtol=1e-6, atol=1e-9, err_msg=f"{measure} {name}"
            )


def test_the_average_is_weighted_by_size_and_says_what_it_leaves_out():
    random = np.random.default_rng(9)
    X = np.concatenate([CROSS, random.standard_normal((20, 2)), [[5, 5]]])
    labels = np.repeat(["a", "b", "c"], [4, 20, 1])
    measured = isotropy(X, labels, "isoscore")
    of_b = isotropy(X[4:24], measure="isoscore").value
    assert measured.value == pytest.approx((4 * 0.470588235 + 20 * of_b) / 24, abs=1e-9)
    assert measured.excluded_weight == 1 / 25
    assert [c.label for c in measured.clusters] == ["a", "b", "c"]
    assert [c.undefined for c in measured.clusters] == [None, None, "one point"]
    published_form = isotropy(X, labels, "fractional_anisotropy", "published")
    assert np.isnan(published_form.value)
    assert published_form.excluded_weight == 1 / 25


def test_single_precision_and_views_are_measured_in_double_precision():
    X = np.random.default_rng(10).standard_normal((500, 40)).astype(np.float32)
    for measure in ("i_vec", "isoscore"):
        single = isotropy(X[::2], measure=measure).value
        assert single == pytest.approx(
            isotropy(X[::2].astype(float), measure=measure).value, rel=1e-9
        )


def test_blocks_of_rows_change_nothing(monkeypatch):
    X = np.random.default_rng(11).standard_normal((100, 8))
    whole = {measure: isotropy(X, measure=measure).value for measure in MEASURES}
    monkeypatch.setattr("unlabelled.isotropy.cluster._BYTES_AT_ONCE", 7 * 8 * 8)
    for measure, value in whole.items():
        assert isotropy(X, measure=measure).value == pytest.approx(value, rel=1e-10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1.0, np.nan], [0, 1]],), "NaN or infinite"),
        (([1.0, 2.0],), r"shape \(2,\)"),
        ((np.zeros((0, 3)),), r"shape \(0, 3\)"),
        ((CROSS, [0, 1]), "labels for 4 points"),
        ((CROSS, None, "roundness"), "no measure 'roundness'; known: i_vec"),
        ((CROSS, None, "isoscore", "published"), "no implementation 'published'"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        isotropy(*arguments)
