from functools import partial

import numpy as np
import pytest
import torch

from unlabelled.errors import UserError
from unlabelled.phase_field import accessibility
from unlabelled.phase_field import masked as networks
from unlabelled.phase_field.accessibility import frequency, pairs, standing
from unlabelled.phase_field.fields import ELEMENTS, PADDING, ids
from unlabelled.phase_field.masked import MaskedOptions, masked

SMALL = MaskedOptions(width=12, epochs=3, batch=32)


def vectors():
    return np.random.default_rng(0).normal(size=(87, 5)).astype(np.float32)


def fields(n, slots=5, seed=1):
    random = np.random.default_rng(seed)
    found = np.full((n, slots), PADDING, np.int8)
    for row in found:
        size = random.integers(1, slots + 1)
        row[:size] = random.choice(len(ELEMENTS), size, replace=False)
    return found


def salts():
    """Fields of a metal and a halogen, and one without any other element."""
    metals, halogens = ["Li", "Na", "K", "Rb", "Cs"], ["F", "Cl", "Br", "I"]
    return [f"{metal} {halogen}" for metal in metals for halogen in halogens] * 8 + ["Nb"]


def scores_of(fit):
    """Scores of a salt, of two metals, and of two rare elements."""
    return fit(ids(salts()))(ids(["Na Cl", "Na K", "Au Pt"]))


FITS = {
    "frequency": frequency,
    "pairs": pairs,
    "masked": partial(masked, vectors=vectors(), options=SMALL, seeds=[1, 2]),
}


@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
def test_scores_depend_on_the_elements_alone(fit):
    score = fit(fields(100))
    some = fields(30, seed=2)
    expected = score(some)
    assert expected.shape == (30,)
    assert np.isfinite(expected).all()
    random = np.random.default_rng(3)
    more = np.pad(some, ((0, 0), (0, 3)), constant_values=PADDING)
    np.testing.assert_allclose(score(random.permuted(more, axis=1)), expected, rtol=1e-5)


@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
def test_fits_do_not_depend_on_slots(fit):
    reported = fields(100)
    more = np.pad(reported, ((0, 0), (0, 3)), constant_values=PADDING)
    some = fields(30, seed=2)
    np.testing.assert_allclose(fit(more)(some), fit(reported)(some), rtol=1e-6)


def test_frequency_is_blind_to_combinations():
    salt, metals, rare = scores_of(frequency)
    assert salt > metals - 0.3
    assert metals > rare + 2


def test_frequency_is_the_mean_logarithm_of_shares():
    score = frequency(ids(["B Mg", "B", "O"]))
    total = 4 + 87 / 2
    expected = [(np.log(2.5 / total) + np.log(1.5 / total)) / 2, np.log(0.5 / total)]
    np.testing.assert_allclose(score(ids(["B Mg", "Nb"])), expected)


@pytest.mark.parametrize("fit", [pairs, partial(FITS["masked"], options=MaskedOptions(epochs=20))])
def test_other_scores_see_combinations(fit):
    salt, metals, rare = scores_of(fit)
    assert salt > metals + 1
    assert salt > rare + 2


def test_pairs_beyond_chance_are_those_of_a_loop():
    reported = ["B Mg", "B Mg O", "Mg O", "Fe", "Fe O", "C Fe"]
    score = pairs(ids(reported))
    shares = {
        symbol: np.exp(value)
        for symbol, value in zip(ELEMENTS, frequency(ids(reported))(ids(ELEMENTS)), strict=True)
    }
    found = [{a, b} for name in reported for a in name.split() for b in name.split() if a < b]
    chance = sum(shares[a] * shares[b] for a in ELEMENTS for b in ELEMENTS if a < b)

    def information(a, b):
        expected = shares[a] * shares[b] / chance * len(found)
        together = found.count({a, b})
        return np.log((together + accessibility._CHANCE) / (expected + accessibility._CHANCE))

    for name in ["B Mg O", "C O", "Fe", "Au Fe Mg O"]:
        symbols = name.split()
        terms = [information(a, b) for a in symbols for b in symbols if a < b]
        expected = np.mean([np.log(shares[a]) for a in symbols]) + 2 * sum(terms) / len(symbols)
        assert score(ids([name]))[0] == pytest.approx(expected)


def test_all_elements_are_hidden_in_one_pass_as_one_by_one():
    model = FITS["masked"](fields(60))
    some = fields(20, seed=4)
    found = model.members(some)
    for network, of_member in zip(model.networks, found, strict=True):
        lifted = torch.nn.functional.silu(network.lifted(network.vectors))
        for row, score in zip(some, of_member, strict=True):
            present = [number for number in row.tolist() if number != PADDING]
            logs = []
            for hidden in present:
                others = [number for number in present if number != hidden]
                total = torch.zeros(1, SMALL.width)
                for number in others:
                    total = total + lifted[number]
                guesses = network.guess(total, torch.tensor([[float(len(others))]]))[0]
                weights = guesses.exp()
                weights[others] = 0
                logs.append(float((weights[hidden] / weights.sum()).log().detach()))
            assert score == pytest.approx(np.mean(logs), rel=1e-4)
    np.testing.assert_allclose(model(some), found.mean(axis=0))


def test_the_scale_of_the_vectors_does_not_matter():
    reported, some = fields(60), fields(20, seed=2)
    shifted = np.hstack([vectors() * 1e-3 + 2, np.ones((87, 1), np.float32)]).astype(np.float32)
    plain = np.hstack([vectors(), np.zeros((87, 1), np.float32)])
    found = [masked(reported, each, SMALL, [1])(some) for each in (shifted, plain)]
    np.testing.assert_allclose(*found, rtol=0.02)


def test_blocks_change_no_score(monkeypatch):
    model = FITS["masked"](fields(60))
    some = fields(50, seed=4)
    expected = model(some)
    monkeypatch.setattr(networks, "_BLOCK", 16)
    np.testing.assert_allclose(model(some), expected, rtol=1e-5)


def test_members_depend_on_their_own_seeds_alone():
    reported, some = fields(60), fields(20, seed=2)
    both = FITS["masked"](reported).members(some)
    torch.manual_seed(3)
    state = torch.get_rng_state()
    alone = masked(reported, vectors(), SMALL, [2]).members(some)
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(alone[0], both[1])
    assert (both[0] != both[1]).any()


def test_standing_is_the_share_of_reported_fields_of_the_size_below():
    reference, sizes = np.array([1.0, 2.0, 3.0, 4.0, 7.0]), np.array([2, 2, 2, 2, 3])
    found = standing(np.array([0, 2.5, 3, 9, 6]), np.array([2, 2, 2, 2, 3]), reference, sizes)
    assert found.tolist() == [0, 0.5, 0.625, 1, 0]
    with pytest.raises(UserError, match="no reported field has 4 elements"):
        standing(np.zeros(1), np.array([4]), reference, sizes)


@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
def test_there_must_be_fields_and_elements(fit):
    with pytest.raises(UserError, match="there are no fields"):
        fit(ids([]))
    with pytest.raises(UserError, match="field 1 has no elements"):
        fit(np.array([[3], [PADDING]], np.int8))
