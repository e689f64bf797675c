import numpy as np
import pytest

from unlabelled.applicability import QUANTILE, ApplicabilityDomain

RANDOM = np.random.default_rng(0)
POINTS = RANDOM.standard_normal((700, 5)) * [10, 3, 1, 0.3, 0.1] + 4
DOMAIN = ApplicabilityDomain.of(POINTS, np.arange(700))


def test_new_points_of_the_same_kind_are_inside_and_others_are_not():
    same = RANDOM.standard_normal((2000, 5)) * [10, 3, 1, 0.3, 0.1] + 4
    assert (DOMAIN.distance(same) > DOMAIN.limit).mean() == pytest.approx(1 - QUANTILE, abs=0.015)
    assert (DOMAIN.distance(same + 1) > DOMAIN.limit).all()  # ten deviations off


def test_distances_are_those_of_standardised_principal_components():
    centred = POINTS - POINTS.mean(axis=0)
    covariance = centred.T @ centred / len(POINTS)
    inverse = np.linalg.inv(covariance)
    other = POINTS[:1] + 1
    differences = other - POINTS
    mahalanobis = np.sqrt(np.einsum("ni,ij,nj->n", differences, inverse, differences))
    assert DOMAIN.distance(other)[0] == pytest.approx(mahalanobis.min(), rel=1e-5)
    assert DOMAIN.distance(POINTS).max() < 1e-5


def test_what_has_no_vector_is_neither_a_reference_nor_like_any():
    gap = np.full((1, 5), np.nan)
    domain = ApplicabilityDomain.of(np.concatenate([gap, POINTS]), np.arange(701))
    assert domain.limit == DOMAIN.limit
    (distance,) = domain.distance(gap)
    assert not distance <= domain.limit


def test_copies_of_a_material_do_not_shrink_the_domain():
    twice = np.concatenate([POINTS, POINTS])
    copied = ApplicabilityDomain.of(twice, np.tile(np.arange(700), 2))
    assert copied.limit == pytest.approx(DOMAIN.limit, rel=1e-5)
    assert ApplicabilityDomain.of(twice, np.arange(1400)).limit < 1e-5


def test_a_domain_survives_as_arrays():
    again = ApplicabilityDomain.of_arrays(DOMAIN.arrays())
    assert again.limit == DOMAIN.limit
    assert (again.distance(POINTS + 1) == DOMAIN.distance(POINTS + 1)).all()


def test_directions_without_variance_are_left_out():
    flat = np.column_stack([POINTS, np.full(700, 7.0), POINTS[:, 0]])
    found = ApplicabilityDomain.of(flat, np.arange(700))
    assert found.axes.shape == (7, 5)
    assert found.limit == pytest.approx(DOMAIN.limit, rel=1e-4)


@pytest.mark.parametrize(
    ("vectors", "groups"), [(POINTS, np.zeros(700)), (POINTS[:0], []), (POINTS[:1], [0])]
)
def test_one_group_has_no_domain(vectors, groups):
    with pytest.raises(ValueError, match="two groups"):
        ApplicabilityDomain.of(vectors, groups)


def test_equal_vectors_have_no_domain():
    with pytest.raises(ValueError, match="equal"):
        ApplicabilityDomain.of(np.ones((5, 3)), np.arange(5))
