from dataclasses import replace

import numpy as np
import pytest
import torch

from unlabelled.composition.representations import Compositions
from unlabelled.errors import UserError
from unlabelled.phase_field import ensemble, fields
from unlabelled.phase_field.contributions import contributions
from unlabelled.phase_field.ensemble import EnsembleOptions, corrected
from unlabelled.phase_field.environments import environments
from unlabelled.phase_field.folds import random_folds
from unlabelled.phase_field.networks import CorrectedOptions
from unlabelled.phase_field.orders import as_model, changes, orders
from unlabelled.phase_field.prediction import Fields
from unlabelled.phase_field.published_network import PublishedOptions, published
from unlabelled.phase_field.training import Options

OPTIONS = EnsembleOptions(
    members=6,
    network=CorrectedOptions(width=16, heads=2),
    training=Options(epochs=15, batch=32, learning_rate=2e-2, schedule="one_cycle"),
)
VECTORS = np.random.default_rng(0).normal(size=(87, 6)).astype(np.float32)


@pytest.fixture(scope="module")
def magnets():
    """Fields of few elements whose value is high where iron is."""
    random = np.random.default_rng(1)
    metals = ["Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br"]
    names = {fields.key(random.choice(metals, random.integers(1, 5), False)) for _ in range(400)}
    names = sorted(names)
    value = np.array([300.0 * ("Fe" in name.split()) + 10 * len(name.split()) for name in names])
    return Fields(fields.ids(names), value, value > 200)


@pytest.fixture(scope="module")
def inner(magnets):
    return (np.arange(len(magnets.value)) % 3).astype(np.int8)


@pytest.fixture(scope="module")
def found(magnets, inner):
    return ensemble.fit(magnets, inner, VECTORS, OPTIONS, "log1p", 0, "cpu")


def test_the_ensemble_learns_and_says_what_it_said_after_a_round_trip(magnets, found, tmp_path):
    said = ensemble.of_all(found, magnets.ids)
    assert said.probability[magnets.above].min() > 0.5 > said.probability[~magnets.above].max()
    assert abs(said.value - magnets.value).mean() < 30
    assert (said.probability_sd > 0).all()
    ensemble.save(found, tmp_path / "e.safetensors", {"seed": 0})
    again = ensemble.of_all(ensemble.load(tmp_path / "e.safetensors"), magnets.ids)
    for one, other in zip(said, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_fields_hear_members_that_were_trained_without_them(magnets, inner, found):
    outputs = found.outputs(magnets.ids)
    said = ensemble.out_of_fold(found, magnets.ids, inner)
    assert found.left_out.tolist() == [0, 1, 2, 0, 1, 2]
    for row in (0, 1, 2, 50):
        members = np.flatnonzero(found.left_out == inner[row])
        assert said.probability[row] == pytest.approx(outputs.probability[members, row].mean())
        value = np.expm1(outputs.value[members, row].mean())
        assert said.value[row] == pytest.approx(value, rel=1e-5)


def test_what_is_left_out_is_not_learnt_from(magnets, inner, found):
    other = magnets._replace(value=np.where(inner == 1, 0, magnets.value))
    changed = ensemble.fit(other, inner, VECTORS, OPTIONS, "log1p", 0, "cpu")
    rows = np.flatnonzero(inner == 1)
    # standardisation sees all values, so compare in its units
    one, two = (
        (np.log1p(ensemble.out_of_fold(it, magnets.ids[rows], inner[rows]).value) - it.mean)
        / it.scale
        for it in (changed, found)
    )
    assert np.corrcoef(one, two)[0, 1] > 0.95


def test_a_member_more_changes_no_other(magnets, inner):
    short = replace(OPTIONS, members=3, training=replace(OPTIONS.training, epochs=3))
    some, more = (
        ensemble.fit(magnets, inner, VECTORS, options, "log1p", 0, "cpu").losses
        for options in (short, replace(short, members=4))
    )
    np.testing.assert_allclose(more[:3], some, rtol=1e-3)


def test_order_and_empty_slots_change_nothing(magnets, found):
    said = ensemble.of_all(found, magnets.ids)
    turned = np.pad(magnets.ids[:, ::-1], ((0, 0), (1, 2)), constant_values=fields.PADDING)
    again = ensemble.of_all(found, turned)
    np.testing.assert_allclose(again.probability, said.probability, atol=1e-5)


def test_bad_ensembles_are_named(magnets, inner, tmp_path):
    with pytest.raises(UserError, match="2 members cannot leave out each of 3 inner folds"):
        ensemble.fit(magnets, inner, VECTORS, replace(OPTIONS, members=2), "log1p", 0)
    (tmp_path / "e.safetensors").write_bytes(b"no")
    with pytest.raises(UserError, match="holds no ensemble"):
        ensemble.load(tmp_path / "e.safetensors")


def test_the_published_model_has_an_order_and_lacks_rows_if_shifted(magnets):
    numbers = np.array([26, 8, 27, 8, 28, 16, 29, 35, 30, 8, 33, 31, 92, 8])
    compositions = Compositions(numbers, np.arange(1.0, 15), np.full(7, 2))
    environment = environments(compositions, np.ones(7, int), 3)
    options = PublishedOptions(size=8, max_epochs=(3, 3))
    uranium = fields.ids(["Fe U", "Co Fe"])
    turned = uranium[:, ::-1]
    trained = published(environment, options, 1, "cpu")(magnets, 0)
    said, other = trained(uranium), trained(turned)
    assert np.isfinite(said.probability).all()
    assert abs(said.probability - other.probability).max() > 1e-4
    shifted = published(environment, replace(options, rows="shifted"), 1, "cpu")
    said = shifted(magnets, 0)(uranium)
    assert np.isnan(said.probability[0])
    assert np.isfinite([said.probability[1], said.value[1]]).all()


def test_iron_contributes_and_attention_is_shared(magnets, found):
    rows = contributions(found, magnets).set_index("element")
    assert rows["probability"].idxmax() == rows["value"].idxmax() == "Fe"
    assert rows.loc["Fe", "above"] == 1
    assert rows.loc["Fe", "n_fields"] == magnets.above.sum()
    assert rows.loc["Zn", "n_fields"] == (magnets.ids == fields.ELEMENTS.index("Zn")).sum()
    assert np.isnan(rows.loc["He", "attention"])
    row = next(row for row in magnets.ids if (row != fields.PADDING).sum() == 2)
    ids = torch.from_numpy(row[None].astype(np.int64)).expand(6, -1, -1)
    with torch.inference_mode():
        weights = found.network.attention(ids)
    np.testing.assert_allclose(weights[:, 0, :2].sum(-1), 1, rtol=1e-5)
    assert (weights[:, 0, :2, 2:] == 0).all()


def test_order_changes_the_published_network_alone(magnets):
    compositions = Compositions(
        np.array([26, 27, 28, 29, 30, 31]), np.arange(1.0, 7), np.full(2, 3)
    )
    environment = environments(compositions, np.ones(2, int), 3)
    options = PublishedOptions(size=8, max_epochs=(3, 3))
    few = replace(OPTIONS, training=replace(OPTIONS.training, epochs=2))
    models = {
        "published": published(environment, options, 1, "cpu"),
        "corrected": as_model(corrected(VECTORS, few, "log1p", 1, "cpu"), 3),
    }
    fold = random_folds(magnets.above, 5, 1, 0)[0]
    rows = {name: changes(model, magnets, fold, 0) for name, model in models.items()}
    for found in rows.values():
        assert found["order"].tolist() == ["alphabetical", "atomic_number", "random"]
        assert (found.loc[0, ["probability_change", "value_change"]] == 0).all()
    assert (rows["published"]["probability_change"][1:] > 1e-5).all()
    assert (rows["corrected"]["largest_change"] < 1e-5).all()
    same = orders(magnets.ids, 0)
    for turned in same.values():
        np.testing.assert_array_equal(np.sort(turned, axis=1), same["atomic_number"])
