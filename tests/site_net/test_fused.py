"""Compiled loops against plain PyTorch: values and gradients, at any size and of any input."""

import itertools
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import layer_norm, softplus

from unlabelled.infomax import scorer
from unlabelled.infomax.initial import initialise
from unlabelled.infomax.objective import false_samples
from unlabelled.infomax.options import PRESETS
from unlabelled.point_set import ragged
from unlabelled.point_set.point_set import point_set
from unlabelled.point_set.quotient import every_site, quotient
from unlabelled.site_net import fused
from unlabelled.site_net.fused import Environments, activated, attend, normalised

TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5}  # of the largest value
BLOCKS = {"small blocks": 200, "blocks": fused._PAIRS_PER_BLOCK}  # pairs
ROWS = {
    "one pair": [1],
    "single pairs": [1] * 7,
    "small": [3, 1, 8],
    "longer than a small block": [230, 1, 5],
    "to the edge of a small block": [1, 199, 200, 1],
    "many": [37] * (2 * fused._PAIRS_PER_BLOCK // 37 + 2),
}
both_types = pytest.mark.parametrize("dtype", TOLERANCE, ids=["float64", "float32"])
both_activations = pytest.mark.parametrize("activation", ["relu", "mish"])
all_rows = pytest.mark.parametrize("sizes", ROWS.values(), ids=ROWS)


def plain(patch):
    for module in (fused, scorer):
        patch.setattr(module, "is_compiled", lambda x: False)
    patch.setattr(scorer, "softplus", partial(softplus, threshold=40))  # beyond 20 PyTorch rounds


def normal(*shape, dtype, seed=0, scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)


def outcome(operation, inputs):
    """What an operation makes of its inputs, and their gradients."""
    leaves = [x.clone().requires_grad_() for x in inputs]
    out = operation(*leaves)
    return [out.detach(), *torch.autograd.grad(out, leaves, normal(*out.shape, dtype=out.dtype))]


def assert_alike(operation, inputs, pairs_per_block=fused._PAIRS_PER_BLOCK):
    """Compare the compiled form of an operation with the plain one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fused, "_PAIRS_PER_BLOCK", pairs_per_block)
        found = outcome(operation, inputs)
        plain(patch)
        expected = outcome(operation, inputs)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        largest = other.abs().max().item() if len(other) else 0.0
        atol = TOLERANCE[other.dtype] * largest + torch.finfo(other.dtype).tiny
        torch.testing.assert_close(one, other, rtol=0, atol=atol)  # not a number is not close


def environments(sizes, dtype, n_species=5, n_levels=11):
    generator = torch.Generator().manual_seed(len(sizes))
    n_pairs = sum(sizes)

    def numbers(n, first, end):
        return torch.randint(first, end, (n,), generator=generator)

    return Environments(
        centre=numbers(len(sizes), 0, n_species),
        start=torch.tensor([0, *itertools.accumulate(sizes)]),
        species=numbers(n_pairs, 0, n_species),
        level=numbers(n_pairs, 0, n_levels),
        multiplicity=numbers(n_pairs, 1, 9).to(dtype),
    )


def attention(sizes, dtype, activation, scale=1.0):
    """Operation and its inputs."""
    seen = environments(sizes, dtype)
    shapes = [(len(sizes), 128), (5, 128), (11, 128), (1, 64), (1, 64, 64), (1, 64)]
    scales = [scale, scale, scale, 0.3, 0.125, 1]
    inputs = [
        normal(*shape, dtype=dtype, seed=seed, scale=scale)
        for seed, (shape, scale) in enumerate(zip(shapes, scales, strict=True))
    ]
    return lambda *tables: attend(*tables, seen, activation), inputs


def scoring(sizes, dtype, activation, sign, scale=1.0):
    """Operation and its inputs."""
    seen = environments(sizes, dtype)
    distances = torch.linspace(0, 9, 11, dtype=dtype)
    shapes = [(len(sizes), 64), (len(sizes),), (5, 64), (64,)]
    scales = [0.1 * scale, scale, scale, scale]
    inputs = [
        normal(*shape, dtype=dtype, seed=seed, scale=scale)
        for seed, (shape, scale) in enumerate(zip(shapes, scales, strict=True))
    ]

    def loss(*inputs):
        return scorer.environment_loss(
            *inputs, distances, seen, exponent=1.5, sign=sign, activation=activation
        )

    return loss, inputs


@both_types
@both_activations
@pytest.mark.parametrize("shape", [(1, 1), (3, 64), (70, 128)])
def test_normalised_rows_are_alike(shape, activation, dtype):
    inputs = [normal(*shape, dtype=dtype, scale=3)]
    assert_alike(lambda x: normalised(x, activation), inputs)


@both_types
@both_activations
@all_rows
@pytest.mark.parametrize("pairs_per_block", BLOCKS.values(), ids=BLOCKS)
def test_attention_is_alike(sizes, pairs_per_block, activation, dtype):
    assert_alike(*attention(sizes, dtype, activation), pairs_per_block)


@both_types
@both_activations
@pytest.mark.parametrize("sign", [-1, 1])
@all_rows
def test_losses_of_environments_are_alike(sizes, sign, activation, dtype):
    assert_alike(*scoring(sizes, dtype, activation, sign))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=20),
    st.integers(1, 30),
    st.sampled_from(["relu", "mish"]),
)
def test_blocks_do_not_matter(sizes, pairs_per_block, activation):
    assert_alike(*attention(sizes, torch.float64, activation), pairs_per_block)


@both_types
@both_activations
def test_extreme_inputs(activation, dtype):
    x = torch.cat([torch.linspace(-200, 200, 40_001), torch.tensor([-1e4, 1e4])]).to(dtype)
    assert_alike(lambda x: activated(x, activation), [x])
    assert_alike(lambda x: normalised(x, activation), [normal(50, 64, dtype=dtype, scale=70)])
    operation, inputs = attention(ROWS["small"], dtype, activation, scale=100)
    if dtype == torch.float64:
        assert_alike(operation, inputs)
    # in float32 softmax makes much of the last digits of large logits
    assert all(x.isfinite().all() for x in outcome(operation, inputs))
    for sign in (-1, 1):
        assert_alike(*scoring(ROWS["small"], dtype, activation, sign, scale=10))


@both_activations
def test_rows_far_from_zero_keep_their_digits(activation):
    z = 300 + normal(50, 64, dtype=torch.float32)
    found = outcome(lambda x: normalised(x, activation), [z])
    with pytest.MonkeyPatch.context() as patch:
        plain(patch)
        expected = outcome(lambda x: layer_norm(x, (64,)), [z.double()])
    for one, other in zip(found, expected, strict=True):
        # a variance of 1, from numbers that are known to 300 / 2²⁴
        torch.testing.assert_close(one.double(), other, rtol=0, atol=1e-4)


@both_types
@both_activations
def test_nothing_in_nothing_out(activation, dtype):
    assert_alike(lambda x: activated(x, activation), [torch.zeros(0, 64, dtype=dtype)])
    assert_alike(lambda x: normalised(x, activation), [torch.zeros(0, 64, dtype=dtype)])
    assert_alike(*attention([], dtype, activation))
    assert_alike(*scoring([], dtype, activation, 1))


@both_activations
def test_without_gradients_attention_is_the_same(activation):
    operation, inputs = attention(ROWS["many"], torch.float32, activation)
    expected = operation(*(x.clone().requires_grad_() for x in inputs))
    assert torch.equal(operation(*inputs), expected)


@both_activations
def test_gradients_are_those_of_finite_differences(activation):
    x = normal(3, 5, dtype=torch.float64).requires_grad_()
    for operation in (activated, normalised):
        assert torch.autograd.gradcheck(lambda x, f=operation: f(x, activation), [x])
    for operation, inputs in (
        attention([1, 3], torch.float64, activation),
        scoring([1, 3], torch.float64, activation, -1),
    ):
        leaves = [x.requires_grad_() for x in inputs]
        assert torch.autograd.gradcheck(operation, leaves, fast_mode=True)


def step(model, batch, samples):
    local = model.local_stage(batch, samples)
    encoded = model.encode_negatives(batch, samples)
    crystal = model.global_stage(local.representation, encoded, batch, samples)
    (local.dim + local.kl + crystal.dim + crystal.kl).backward()
    losses = torch.stack([local.dim, local.kl, crystal.dim, crystal.kl])
    return [losses, local.representation, *encoded, crystal.representation, model.encoder(batch)]


@pytest.mark.parametrize("preset", PRESETS)
def test_half_precision_is_close(materials, monkeypatch, preset):
    plain(monkeypatch)
    options = PRESETS[preset]
    form = quotient if options.quotient else every_site
    batch = ragged.collate([form(point_set(s, 50, 50)) for s in materials.values()])
    model = initialise(options, seed=0)
    samples = false_samples(batch, options, torch.Generator().manual_seed(0), noise=True)
    expected = step(model, batch, samples)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = step(model, batch, samples)
    for one, other in zip(found, expected, strict=True):
        assert (one.float() - other).norm() < 0.03 * other.norm()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())
