"""A stack of models against the models one by one."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from unlabelled.label_masking.fine_tuning import Regressor
from unlabelled.point_set import ragged
from unlabelled.point_set.point_set import point_set
from unlabelled.point_set.quotient import quotient
from unlabelled.site_net import fused
from unlabelled.site_net.encoder import EncoderOptions, SiteNet
from unlabelled.site_net.stack import stacked

CRYSTALS = (
    ["NaCl", "triclinic", "quartz"],
    ["Fe", "diamond", "CsCl"],
    ["TiO2", "SrTiO3", "ZnO"],
)
EXACT = {"rtol": 1e-10, "atol": 1e-12}


@pytest.fixture(params=["relu", "mish"])
def models(request):
    torch.manual_seed(0)
    options = EncoderOptions(local_activation=request.param)
    found = [Regressor(SiteNet(options), np.arange(3.0)).double() for _ in CRYSTALS]
    for model in found:
        for parameter in model.parameters():  # gains and biases that matter
            parameter.data += 0.1 * torch.randn_like(parameter)
    return found


@pytest.fixture
def batches(materials):
    return [
        ragged.collate([quotient(point_set(materials[name], 50, 50)) for name in names]).double()
        for names in CRYSTALS
    ]


@pytest.fixture(params=["compiled", "few pairs per block", "plain"], autouse=True)
def form(request, monkeypatch):
    """Run every test with the compiled loops, and with what runs on other devices."""
    if request.param == "plain":
        monkeypatch.setattr(fused, "is_compiled", lambda x: False)
    if request.param == "few pairs per block":
        monkeypatch.setattr(fused, "_PAIRS_PER_BLOCK", 20)


def outcome_and_gradients(model, batch, weights):
    outcome = model(batch)
    parameters = dict(model.named_parameters())
    found = torch.autograd.grad((weights * outcome).sum(), list(parameters.values()))
    return outcome.detach(), dict(zip(parameters, found, strict=True))


def test_predictions_and_gradients_are_those_of_every_model(models, batches):
    weights = torch.randn(len(models), 3, dtype=torch.float64)
    outcome, gradients = outcome_and_gradients(
        stacked(models), ragged.stack(batches), weights.flatten()
    )
    for i, (model, batch) in enumerate(zip(models, batches, strict=True)):
        expected, expected_gradients = outcome_and_gradients(model, batch, weights[i])
        torch.testing.assert_close(outcome.view(-1, 3)[i], expected, **EXACT)
        own = {name: gradient[i] for name, gradient in gradients.items()}
        torch.testing.assert_close(own, expected_gradients, **EXACT)


def test_padding_carries_no_information(models, batches):
    batch = ragged.stack(batches)
    unseen = torch.ones(len(batch.levels), dtype=torch.bool)
    unseen[batch.pair_level] = False
    padded = batch.multiplicity == 0
    assert unseen.any()
    assert padded.any()
    other = replace(
        batch,
        levels=batch.levels.masked_fill(unseen, 99.0),
        atomic_numbers=torch.where(padded, batch.atomic_numbers + 8, batch.atomic_numbers),
    )
    stack = stacked(models)
    weights = torch.randn(batch.n_crystals, dtype=torch.float64)
    found, expected = (outcome_and_gradients(stack, b, weights) for b in (other, batch))
    torch.testing.assert_close(found, expected, **EXACT)


def test_stacking_copies(models):
    stack = stacked(models)
    for i, model in enumerate(models):
        for name, parameter in model.named_parameters():
            assert torch.equal(stack.get_parameter(name)[i], parameter)
            assert stack.get_parameter(name).data_ptr() != parameter.data_ptr()


def test_a_batch_in_a_stack_of_one_stays_as_it_is(batches):
    for batch in batches:
        alone = ragged.stack([batch])
        for name in batch.__slots__:
            torch.testing.assert_close(
                getattr(alone, name), getattr(batch, name), rtol=0, atol=0, equal_nan=True
            )
