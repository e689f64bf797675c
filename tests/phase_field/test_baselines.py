import numpy as np
import pytest

from unlabelled.phase_field import baselines
from unlabelled.phase_field.fields import ELEMENTS, ids, key, multi_hot
from unlabelled.phase_field.prediction import Fields

THRESHOLD = 10.0


@pytest.fixture(scope="module")
def vectors():
    return np.random.default_rng(0).normal(size=(87, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def fields():
    """Fields of 2 to 4 elements; those with copper, and more so with oxygen too, are high."""
    random = np.random.default_rng(1)
    symbols = ["Cu", "O", *ELEMENTS[20:34]]
    names = sorted({key(random.choice(symbols, random.integers(2, 5), False)) for _ in range(300)})
    found = ids(names, slots=4)
    copper, oxygen = multi_hot(found)[:, [ELEMENTS.index("Cu"), ELEMENTS.index("O")]].T
    value = 2 + 20.0 * copper + 30.0 * (copper & oxygen) + random.random(len(names))
    return Fields(found, value, value > THRESHOLD)


def models(vectors, threads=1):
    return {
        "logistic": baselines.logistic("log1p", threads),
        "extra_trees": baselines.extra_trees(vectors, threads),
        "boosting": baselines.boosting(vectors, threads),
        "neighbours": baselines.neighbours("log1p", threads),
        "published_forest": baselines.published_forest(vectors, threads),
    }


NAMES = list(models(np.zeros((87, 1), np.float32)))


@pytest.mark.parametrize("name", NAMES)
def test_models_learn_and_repeat_themselves(fields, vectors, name):
    rows = np.arange(len(fields.value))
    train, test = fields.take(rows % 4 > 0), fields.take(rows % 4 == 0)
    trained = models(vectors)[name](train, 3)
    found, own = trained(test.ids), trained(train.ids)
    assert found.probability.shape == test.value.shape
    assert own.value.shape == train.value.shape
    assert ((found.probability >= 0) & (found.probability <= 1)).all()
    assert found.probability[test.above].mean() > found.probability[~test.above].mean() + 0.3
    constant = abs(np.median(train.value) - test.value).mean()
    assert abs(found.value - test.value).mean() < 0.8 * constant
    again = models(vectors)[name](train, 3)(test.ids)
    assert np.array_equal(np.array(again), np.array(found), equal_nan=True)


@pytest.mark.parametrize("name", ["extra_trees", "published_forest"])
def test_forests_differ_by_seed_and_know_their_spread(fields, vectors, name):
    unknown = ids(["Cu Tl", "Hg O"], slots=4)
    model = models(vectors)[name]
    first, second = model(fields, 0), model(fields, 1)  # the first stays as it was
    one, two = first(unknown), second(unknown)
    assert not np.array_equal(one.value, two.value)
    assert not np.array_equal(one.probability, two.probability)
    assert (one.value_sd > 0).all()
    assert (one.probability_sd > 0).all()


@pytest.mark.parametrize("name", ["extra_trees", "published_forest"])
def test_forests_do_not_depend_on_threads(fields, vectors, name):
    one, two = (models(vectors, threads)[name](fields, 0)(fields.ids[:20]) for threads in (1, 2))
    assert np.array_equal(np.array(one), np.array(two))


@pytest.mark.parametrize("name", ["extra_trees", "boosting", "neighbours", "logistic"])
def test_the_order_of_elements_has_no_say(fields, vectors, name):
    turned = fields.ids[:20, ::-1].copy()
    trained = models(vectors)[name](fields, 0)
    plain, reverse = trained(fields.ids[:20]), trained(turned)
    assert np.array_equal(np.array(plain), np.array(reverse), equal_nan=True)


def test_the_dummy_knows_the_share_and_the_median(fields):
    found = baselines.dummy()(fields, 0)(fields.ids[:2])
    assert found.probability.tolist() == [fields.above.mean()] * 2
    assert found.value.tolist() == [np.median(fields.value)] * 2
    assert np.isnan(found.value_sd).all()


def test_boosting_learns_values_most_of_which_are_zero(fields, vectors):
    value = np.where(fields.value > np.quantile(fields.value, 0.6), fields.value, 0)
    found = models(vectors)["boosting"](fields._replace(value=value), 0)(fields.ids)
    assert abs(found.value - value).mean() < 0.3 * abs(np.median(value) - value).mean()


def test_neighbours_are_weighted_by_the_distance_of_sets():
    known = Fields(
        ids(["B Mg", "B C Mg", "Nb"]), np.array([40.0, 30.0, 9.0]), np.array([1, 1, 0]) > 0
    )
    found = baselines.neighbours("identity", 1)(known, 0)(ids(["B Mg Nb"]))
    # shared 2 of 3, 2 of 4 and 1 of 3 elements
    weights = np.array([1 / (1 / 3), 1 / (2 / 4), 1 / (2 / 3)])
    assert found.value == pytest.approx(weights @ known.value / weights.sum())
    # three neighbours, and the share of two in three as one more
    share = weights[:2].sum() / weights.sum()
    assert found.probability == pytest.approx((3 * share + 2 / 3) / 4)


def test_spread_of_trees_is_that_of_a_plain_loop():
    members = np.random.default_rng(0).normal(size=(7, 4)) + 1e3
    mean, sd = baselines._moments(iter(members))
    np.testing.assert_allclose(mean, members.mean(axis=0))
    np.testing.assert_allclose(sd, members.std(axis=0))
