"""The encoder in use against the literal form: representations and gradients."""

import pytest
import torch

from unlabelled.point_set import ragged
from unlabelled.point_set.batch import collate
from unlabelled.point_set.point_set import point_set
from unlabelled.point_set.quotient import every_site, quotient
from unlabelled.site_net import fused, literal
from unlabelled.site_net.encoder import EncoderOptions, SiteNet

EXACT = {"rtol": 1e-10, "atol": 1e-12}


@pytest.fixture(params=["relu", "mish"])
def encoder(request):
    torch.manual_seed(0)
    return SiteNet(EncoderOptions(local_activation=request.param)).double()


@pytest.fixture
def point_sets(materials):
    return [point_set(structure, 50, 50) for structure in materials.values()]


@pytest.fixture(params=[True, False], ids=["compiled", "plain"], autouse=True)
def compiled(request, monkeypatch):
    """Run every test with the compiled loops, and with what runs on other devices."""
    if not request.param:
        monkeypatch.setattr(fused, "is_compiled", lambda x: False)


def in_use(crystals, form=quotient):
    """Batch of the form that the package trains on."""
    return ragged.collate([form(p) for p in crystals]).double()


def gradients(encoder, loss):
    parameters = dict(encoder.named_parameters())
    found = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
    return dict(zip(parameters, found, strict=True))


def test_sites_are_represented_alike(encoder, point_sets):
    dense = collate(point_sets).double()
    expected = literal.represent(encoder.local, dense)
    found = encoder.local.represent(in_use(point_sets, every_site))
    torch.testing.assert_close(found, expected, **EXACT)


@pytest.mark.parametrize("form", [quotient, every_site])
def test_embeddings_and_their_gradients_are_alike(encoder, point_sets, form):
    dense, used = collate(point_sets).double(), in_use(point_sets, form)
    expected, found = literal.embed(encoder, dense), encoder(used)
    torch.testing.assert_close(found, expected, **EXACT)
    weights = torch.randn(expected.shape, dtype=expected.dtype)
    expected = gradients(encoder, (weights * expected).sum())
    found = gradients(encoder, (weights * found).sum())
    assert all(gradient is not None for gradient in expected.values())
    torch.testing.assert_close(found, expected, **EXACT)
