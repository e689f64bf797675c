import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import layer_norm, mish, relu

from unlabelled.errors import UserError
from unlabelled.point_set import ragged
from unlabelled.point_set.batch import collate
from unlabelled.point_set.features import element_table
from unlabelled.point_set.point_set import PointSet, point_set
from unlabelled.point_set.quotient import every_site, quotient
from unlabelled.site_net import literal, weights
from unlabelled.site_net.encoder import EncoderOptions, SiteNet


@pytest.fixture(params=["relu", "mish"])
def encoder(request):
    torch.manual_seed(0)
    return SiteNet(EncoderOptions(local_activation=request.param)).double()


@pytest.fixture
def crystals(materials):
    return [point_set(s, 50, 50) for s in materials.values()]


def batch_of(crystals, form=quotient):
    return ragged.collate([form(p) for p in crystals])


def size(module):
    return sum(p.numel() for p in module.parameters())


def test_parameter_counts_are_those_of_the_specification(encoder):
    assert size(encoder.local) == 32_417
    assert size(encoder.pooled) == 23_360
    assert size(encoder) == 55_777


def block(layers, x, activation):
    linear, _, norm = layers
    active = {"relu": relu, "mish": mish}[activation](linear.weight @ x + linear.bias)
    return layer_norm(active, active.shape, norm.weight, norm.bias)


def by_hand(encoder, p):
    """The formulas, site by site and atom by atom."""
    f = torch.from_numpy(element_table()[p.atomic_numbers])
    images = p.n_supercell // p.n_sites
    local, pooled, name = encoder.local, encoder.pooled, encoder.options.local_activation
    means = []
    for i in range(p.n_sites):
        logits, values = [], []
        for j in range(p.n_supercell):
            d = torch.tensor([float(p.distances[i, j])], dtype=torch.float64)
            parts = [(local.site, f[i]), (local.site, f[j // images]), (local.interaction, d)]
            z = torch.cat([block(layers, x, name) for layers, x in parts])
            logits.append(local.attention[1](block(local.attention[0], z, name)).item())
            values.append(block(local.value[1], block(local.value[0], z, name), name))
        total = sum(math.exp(x) for x in logits)
        h = sum(math.exp(x) / total * v for x, v in zip(logits, values, strict=True))
        means.append(local.bottleneck(h))
    first, second = pooled.before_pooling
    g = sum(block(second, block(first, m, "mish"), "mish") for m in means) / p.n_sites
    return pooled.bottleneck(block(pooled.after_pooling, g, "mish"))


def test_every_form_is_the_formulas(encoder, crystals):
    with torch.no_grad():
        expected = torch.stack([by_hand(encoder, p) for p in crystals])
        forms = {
            "literal": literal.embed(encoder, collate(crystals).double()),
            "sites": encoder(batch_of(crystals, every_site).double()),
            "classes": encoder(batch_of(crystals).double()),
        }
    for embeddings in forms.values():
        # The look-up table of a batch is float32; the difference comes from there.
        torch.testing.assert_close(embeddings, expected, rtol=1e-5, atol=1e-6)


def test_blocks_are_linear_then_activation_then_norm(encoder):
    linear, act, norm = encoder.local.site
    assert isinstance(linear, nn.Linear)
    assert isinstance(norm, nn.LayerNorm)
    assert act.name == encoder.options.local_activation
    assert encoder.pooled.after_pooling[1].name == "mish"
    x = torch.linspace(-3, 3, 7, dtype=torch.float64)
    torch.testing.assert_close(act(x), {"relu": relu, "mish": mish}[act.name](x))


def test_neither_company_nor_order_of_crystals_matters(encoder, crystals):
    with torch.no_grad():
        together = encoder(batch_of(crystals).double())
        reverse = encoder(batch_of(crystals[::-1]).double())
        alone = torch.cat([encoder(batch_of([p]).double()) for p in crystals])
    torch.testing.assert_close(together, alone, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(together, reverse.flip(0), rtol=1e-10, atol=1e-10)


def test_the_order_of_sites_does_not_matter(encoder, crystals):
    generator = np.random.default_rng(0)
    for p in crystals:
        images = p.n_supercell // p.n_sites
        order = generator.permutation(p.n_sites)
        columns = (order[:, None] * images + generator.permutation(images)).ravel()
        shuffled = PointSet(p.atomic_numbers[order], p.levels, p.level[order][:, columns])
        for form in (quotient, every_site):
            with torch.no_grad():
                first, second = (encoder(batch_of([q], form).double()) for q in (p, shuffled))
            torch.testing.assert_close(first, second, rtol=1e-10, atol=1e-10)


def test_padding_carries_no_information(encoder, crystals):
    batch = collate(crystals).double()
    batch.distances[batch.padding] = 99.0
    with torch.no_grad():
        found, expected = (literal.embed(encoder, b) for b in (batch, collate(crystals).double()))
    torch.testing.assert_close(found, expected)


def test_weights_come_back_with_their_options(encoder, crystals, tmp_path):
    weights.save(encoder.float(), tmp_path / "encoder.safetensors", {"seed": 1})
    found = weights.load(tmp_path / "encoder.safetensors")
    assert found.options == encoder.options
    batch = batch_of(crystals)
    with torch.no_grad():
        assert torch.equal(found(batch), encoder(batch))


def test_equal_encoders_are_equal_bytes(encoder, tmp_path):
    paths = [tmp_path / f"{i}.safetensors" for i in range(6)]
    for path in paths:
        weights.save(encoder, path, {"seed": 1, "code": "c0de"})
    assert len({path.read_bytes() for path in paths}) == 1


def test_a_file_that_is_no_encoder_is_refused(tmp_path):
    path = tmp_path / "encoder.safetensors"
    path.write_bytes(b"no weights")
    with pytest.raises(UserError, match=r"encoder\.safetensors holds no encoder"):
        weights.load(path)
