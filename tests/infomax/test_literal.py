"""The objective in use against the literal form: losses, representations and gradients."""

from dataclasses import replace

import pytest
import torch

from unlabelled.infomax import literal, scorer
from unlabelled.infomax.initial import initialise
from unlabelled.infomax.negatives import draw
from unlabelled.infomax.objective import false_samples
from unlabelled.infomax.options import PRESETS
from unlabelled.point_set import ragged
from unlabelled.point_set.batch import collate
from unlabelled.point_set.quotient import every_site, quotient
from unlabelled.site_net import fused

EXACT = {"rtol": 1e-10, "atol": 1e-12}
PUBLISHED = PRESETS["as_published"]
CORRECTED = replace(PRESETS["corrected"], quotient=False)
VARIANTS = {
    "as_published": PUBLISHED,
    "corrected": CORRECTED,
    "no_engineered_negatives": replace(CORRECTED, engineered_negatives=()),
    "some_engineered_negatives": replace(
        PUBLISHED, engineered_negatives=("wrong_species", "structure_swapped")
    ),
    "without_noise": replace(CORRECTED, kl_weight=0.0),
    "other_weights_of_atoms": replace(CORRECTED, distance_exponent=1.5),
    "rolled_and_masked": replace(PUBLISHED, identical_negatives="masked"),
}


def generator():
    return torch.Generator().manual_seed(0)


def literal_step(model, point_sets):
    """Everything that a step computes, and the gradients of both losses."""
    batch = collate(point_sets).double()
    n_atoms = torch.tensor([p.n_supercell for p in point_sets])
    draws = draw(batch.n_sites, n_atoms, model.options, generator(), noise=True)
    local = literal.local_stage(model, batch, draws)
    false = literal.encode_negatives(model, batch, draws)
    crystal = literal.global_stage(model, local.representation, false, batch, draws)
    return outcome(model, local, false[0], crystal)


def step(model, point_sets):
    batch = ragged.collate([every_site(p) for p in point_sets]).double()
    samples = false_samples(batch, model.options, generator(), noise=True)
    local = model.local_stage(batch, samples)
    false = model.encode_negatives(batch, samples)
    crystal = model.global_stage(local.representation, false, batch, samples)
    return outcome(model, local, false, crystal)


def outcome(model, local, false, crystal):
    return {
        "local": (local.representation, local.dim, local.kl),
        "global": (crystal.representation, crystal.dim, crystal.kl),
        "negatives": false,
        "local gradients": gradients(model, local.dim + 0.1 * local.kl),
        "global gradients": gradients(model, crystal.dim + 0.1 * crystal.kl),
    }


def gradients(model, loss):
    parameters = dict(model.named_parameters())
    found = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
    return {name: g for name, g in zip(parameters, found, strict=True) if g is not None}


@pytest.fixture(params=[True, False], ids=["compiled", "plain"], autouse=True)
def compiled(request, monkeypatch):
    """Run every test with the compiled loops, and with what runs on other devices."""
    if not request.param:
        for module in (fused, scorer):
            monkeypatch.setattr(module, "is_compiled", lambda x: False)


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
def test_steps_are_alike(point_sets, options):
    model = initialise(options, seed=0).double()
    expected, found = literal_step(model, point_sets), step(model, point_sets)
    trained = expected["local gradients"].keys() | expected["global gradients"].keys()
    assert trained == {n for n, _ in model.named_parameters() if not n.startswith("property_probe")}
    torch.testing.assert_close(found, expected, **EXACT)


def test_a_batch_without_false_samples_has_no_loss(point_sets):
    model = initialise(CORRECTED, seed=0).double()
    for form in (literal_step, step):
        assert form(model, [point_sets[0]] * 2)["local"][1].item() == 0


@pytest.mark.parametrize("compiled", [False], ids=["plain"], indirect=True)
@pytest.mark.parametrize("options", [PUBLISHED, PRESETS["corrected"]], ids=PRESETS)
def test_a_gpu_s_compiler_sees_the_stages_whole(point_sets, options):
    """Traced without a gap, and the same numbers for batches of other sizes."""
    model = initialise(options, seed=0).double()
    traced = {"dynamic": True, "fullgraph": True, "backend": "aot_eager"}
    stages = model.local_stage, model.global_stage
    compiled = [torch.compile(stage, **traced) for stage in stages]
    form = quotient if options.quotient else every_site
    for n in (4, len(point_sets)):
        batch = ragged.collate([form(p) for p in point_sets[:n]]).double()
        samples = false_samples(batch, options, generator(), noise=True)
        found = []
        for local_stage, global_stage in (stages, compiled):
            local = local_stage(batch, samples)
            false = model.encode_negatives(batch, samples)
            crystal = global_stage(local.representation, false, batch, samples)
            found.append(outcome(model, local, false, crystal))
        torch.testing.assert_close(*found, **EXACT)
