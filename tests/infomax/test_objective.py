"""The objective against its formulas, and every option against what it should change."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from unlabelled.infomax import literal, negatives
from unlabelled.infomax.initial import initialise
from unlabelled.infomax.objective import InfoMax, false_samples
from unlabelled.infomax.options import ENGINEERED_NEGATIVES, PRESETS, InfoMaxOptions, variant
from unlabelled.point_set import ragged
from unlabelled.point_set.batch import collate
from unlabelled.point_set.point_set import point_set
from unlabelled.point_set.quotient import every_site
from unlabelled.site_net import literal as site_net

PUBLISHED = PRESETS["as_published"]
CORRECTED = replace(PRESETS["corrected"], quotient=False)  # test_class_negatives: with it


def model(options):
    return initialise(options, seed=0).double()


def draws(batch, options, seed=0):
    """Randomness of the literal form, on its batches."""
    n_atoms = (~batch.padding).sum(dim=1)[batch.n_sites.cumsum(0) - 1]
    generator = torch.Generator().manual_seed(seed)
    return negatives.draw(batch.n_sites, n_atoms, options, generator, noise=True)


def samples(batch, options, seed=0, *, noise=True):
    """False samples of the form in use, from the same random numbers."""
    generator = torch.Generator().manual_seed(seed)
    return false_samples(batch, options, generator, noise=noise)


def size(*modules):
    return sum(p.numel() for module in modules for p in module.parameters())


def of_sites(point_sets, labels=None):
    return ragged.collate([every_site(p) for p in point_sets], labels).double()


@pytest.fixture
def dense(point_sets):
    return collate(point_sets).double()


@pytest.fixture
def batch(point_sets):
    return of_sites(point_sets)


def test_parameter_counts_are_those_of_the_specification():
    m = InfoMax(PUBLISHED)
    assert size(m.local_log_variance, m.site_projection, m.constituent_projection) == 21_536
    assert size(m.global_log_variance, m.crystal_projection, m.member_projection) == 27_072


def mean_of(values):
    values = list(values)
    return sum(values) / len(values)


def softplus(x):
    return max(x, 0) + math.log1p(math.exp(-abs(x)))


@pytest.mark.parametrize("options", [PUBLISHED, CORRECTED], ids=["as_published", "corrected"])
def test_the_local_loss_is_the_formula(dense, batch, options):
    """Site by site, atom by atom, straight from the table of negatives of the specification."""
    in_use, batch = batch, dense
    m, random = model(options), draws(batch, options)
    with torch.no_grad():
        h = site_net.local(m.encoder.local, batch)
        mean, log_variance = m.encoder.local.bottleneck(h), m.local_log_variance(h)
        noisy = mean + random.local_noise * (log_variance / 2).exp()
        per_crystal = [[] for _ in range(batch.n_crystals)]
        for i in range(len(mean)):
            k = int(random.donor[i])
            own, false = batch.padding[i], batch.padding[k]
            mismatched = options.negative_padding == "mismatched"
            rows = [
                (i, i, own, -1),
                (k, k, false, 1),
                (i, k, own if mismatched else false, 1),  # own species, wrong distances
                (k, i, false if mismatched else own, 1),  # wrong species, own distances
            ]
            losses = []
            for species, distance, padding, sign in rows:
                total = norm = 0.0
                different = False
                for j in range(batch.padding.shape[1]):
                    if padding[j]:
                        continue
                    x = batch.features[batch.neighbours[species, j]]
                    d = batch.distances[distance, j]
                    q = torch.cat([x, d[None]])
                    score = float(m.site_projection(noisy[i]) @ m.constituent_projection(q))
                    weight = (float(d) + 1) ** -2
                    total += weight * softplus(sign * score)
                    norm += weight
                    different |= bool(
                        (x != batch.features[batch.neighbours[i, j]]).any()
                        or d != batch.distances[i, j]
                    )
                counts = different or options.identical_negatives == "kept"
                losses.append((total / norm, counts))
            negatives = [loss for loss, counts in losses[1:] if counts]
            if negatives:
                loss = losses[0][0] + sum(negatives) / len(negatives)
                per_crystal[batch.crystal[i]].append(loss)
        stages = [
            literal.local_stage(m, batch, random),
            m.local_stage(in_use, samples(in_use, options)),
        ]
    expected = mean_of(mean_of(sites) for sites in per_crystal if sites)
    assert [float(stage.dim) for stage in stages] == pytest.approx([expected] * 2, rel=1e-9)


@pytest.mark.parametrize("options", [PUBLISHED, CORRECTED], ids=["as_published", "corrected"])
def test_the_global_loss_is_the_formula(dense, batch, options):
    in_use, batch = batch, dense
    m, random, false = model(options), draws(batch, options), samples(in_use, options)
    with torch.no_grad():
        local = site_net.represent(m.encoder.local, batch)
        encoded = literal.encode_negatives(m, batch, random)
        stages = [
            literal.global_stage(m, local, encoded, batch, random),
            m.global_stage(local, m.encode_negatives(in_use, false), in_use, false),
        ]
        u = site_net.pooled(m.encoder.pooled, local, batch)
        mean, log_variance = m.encoder.pooled.bottleneck(u), m.global_log_variance(u)
        noisy = mean + random.global_noise * (log_variance / 2).exp()
        crystals = literal.false_crystals(batch, random, options)
        fakes = [site_net.represent(m.encoder.local, c) for c in crystals]
        identical = [literal.same_sites(c, batch) for c in crystals]

        def score(crystal, site):
            return float(m.crystal_projection(noisy[crystal]) @ m.member_projection(site))

        per_crystal = [[] for _ in range(batch.n_crystals)]
        for c in range(batch.n_crystals):
            sites = (batch.crystal == c).nonzero().ravel().tolist()
            for i in sites:
                other = int(batch.crystal[random.donor[i]])
                terms = [(softplus(score(other, local[i])), other != c)]
                terms += [
                    (softplus(score(c, fake[i])), not bool(same[i]))
                    for fake, same in zip(fakes, identical, strict=True)
                ]
                counted = [t for t, ok in terms if ok or options.identical_negatives == "kept"]
                if counted:
                    per_crystal[c].append(softplus(-score(c, local[i])) + mean_of(counted))
    expected = mean_of(mean_of(sites) for sites in per_crystal if sites)
    assert [float(stage.dim) for stage in stages] == pytest.approx([expected] * 2, rel=1e-9)


def test_d1_activation_of_the_local_stage():
    published, corrected = InfoMax(PUBLISHED), InfoMax(CORRECTED)
    for m, name in ((published, "relu"), (corrected, "mish")):
        assert m.encoder.local.site[1].name == name
        assert m.site_projection[1].name == name
        assert m.constituent_projection[1].name == name
        assert m.crystal_projection[1].name == "mish"  # the global stage is mish in both


def test_d4_padding_of_mixed_negatives(dense):
    for padding, gains_weight in (("mismatched", True), ("matched", False)):
        options = replace(CORRECTED, negative_padding=padding)
        random = draws(dense, options)
        _, negatives = literal.environments(dense, random, options)
        false = dense.padding[random.donor]
        # weight on atoms that the tensor in use does not have
        distances_of_padding = (~negatives[1].padding & false).any()
        own_distances_of_padding = (~negatives[2].padding & dense.padding).any()
        assert bool(distances_of_padding) is gains_weight
        assert bool(own_distances_of_padding) is gains_weight


def test_d5_kl_form():
    zero = torch.zeros(3, 4)
    assert float(model(PUBLISHED)._divergence(zero, zero)) == 1
    assert float(model(CORRECTED)._divergence(zero, zero)) == 0
    mean, log_variance = torch.full((1, 1), 2.0), torch.full((1, 1), 1.0)
    expected = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, (log_variance / 2).exp()),
        torch.distributions.Normal(0.0, 1.0),
    )
    torch.testing.assert_close(model(CORRECTED)._divergence(mean, log_variance), expected[0, 0])
    assert float(model(PUBLISHED)._divergence(mean, log_variance)) == pytest.approx(2 + math.e - 1)


def test_d6_only_the_published_variant_has_a_probe():
    assert InfoMax(CORRECTED).property_probe is None
    assert size(InfoMax(PUBLISHED).property_probe) == 64 * 256 + 256 + 256 + 1


def test_d6_labels_do_not_reach_the_encoder(point_sets):
    batch = of_sites(point_sets, np.arange(2.0 * len(point_sets)).reshape(-1, 2))
    m = initialise(PUBLISHED, seed=0, n_properties=2).double()
    false = samples(batch, PUBLISHED)
    local = m.local_stage(batch, false)
    crystal = m.global_stage(local.representation, m.encode_negatives(batch, false), batch, false)
    squared, absolute = m.probe_loss(crystal.representation, batch)
    squared.backward()
    assert len(absolute) == 2 * len(point_sets)
    assert all(p.grad is None for p in m.encoder.parameters())
    assert all(p.grad is not None for p in m.property_probe.parameters())


def test_d6_crystals_without_label_are_left_out(point_sets):
    labels = np.full((len(point_sets), 1), np.nan)
    batch = of_sites(point_sets, labels)
    squared, absolute = model(PUBLISHED).probe_loss(torch.zeros(len(labels), 64).double(), batch)
    assert float(squared) == 0
    assert len(absolute) == 0


@pytest.fixture
def half_iron(materials):
    names = ("Fe", "CsCl", "Fe", "NaCl")  # half a batch away, iron meets iron
    return [point_set(materials[name], 50, 50) for name in names]


def test_d21_negatives_equal_to_positives_are_masked(half_iron):
    dense, batch = collate(half_iron).double(), of_sites(half_iron)
    options = replace(CORRECTED, donors="roll")
    random, false = draws(dense, options), samples(batch, options)
    own, environments = literal.environments(dense, random, options)
    iron = batch.atomic_numbers == 26
    assert (environments[0].equals(own) == iron).all()
    assert (false.identical[0] == iron).all()
    permuted = literal.false_crystals(dense, random, options)[2]
    assert (literal.same_sites(permuted, dense) == iron).all()  # one element: nothing to permute
    assert (false.identical_crystals[2] == iron).all()
    m = model(options)
    kept = model(replace(options, identical_negatives="kept"))
    assert float(m.local_stage(batch, false).dim) != float(kept.local_stage(batch, false).dim)


def test_d21_a_site_without_a_false_environment_has_no_loss(half_iron):
    batch = of_sites(half_iron)
    options = replace(CORRECTED, donors="roll", engineered_negatives=())
    m = model(options)
    m.local_stage(batch, samples(batch, options)).dim.backward()
    gradient = m.encoder.local.bottleneck.weight.grad.clone()
    m.zero_grad()
    for crystal in (0, 2):  # of iron: its loss must not matter
        batch.levels[slice(*batch.first_level[crystal : crystal + 2])] += 0.01
    m.local_stage(batch, samples(batch, options)).dim.backward()
    torch.testing.assert_close(m.encoder.local.bottleneck.weight.grad, gradient)


def test_d22_donors(batch):
    rows = torch.arange(len(batch.atomic_numbers))
    rolled = samples(batch, replace(CORRECTED, donors="roll")).donor
    assert (rolled == (rows - len(rows) // 2) % len(rows)).all()
    for seed in range(20):
        donor = samples(batch, CORRECTED, seed).donor
        crystals = batch.crystal[donor]
        assert (crystals != batch.crystal).all()
        for c in range(batch.n_crystals):
            assert len(set(crystals[batch.crystal == c].tolist())) == 1


def test_d27_distance_exponent(batch):
    losses = {
        e: float(
            model(o := replace(CORRECTED, distance_exponent=e))
            .local_stage(batch, samples(batch, o))
            .dim
        )
        for e in (1.0, 2.0)
    }
    assert losses[1.0] != losses[2.0]


def composition(batch, neighbours, row):
    return sorted(batch.atomic_numbers[neighbours[row][~batch.padding[row]]].tolist())


def test_d28_own_columns_keep_the_composition(dense):
    assert dense.padding.any()
    own, padded = (
        literal.false_crystals(dense, draws(dense, options), options)[2].neighbours
        for options in (CORRECTED, replace(CORRECTED, permutation="padded_columns"))
    )
    rows = range(len(dense.features))
    assert all(composition(dense, own, r) == composition(dense, dense.neighbours, r) for r in rows)
    assert any(
        composition(dense, padded, r) != composition(dense, dense.neighbours, r) for r in rows
    )
    for neighbours in (own, padded):
        assert (neighbours != dense.neighbours).any()
        assert (dense.crystal[neighbours] == dense.crystal[:, None]).all()
    # one permutation for all sites of a crystal
    for c in range(dense.n_crystals):
        assert len({tuple(row) for row in own[dense.crystal == c].tolist()}) == 1


def test_without_engineered_negatives_only_other_crystals_are_false(dense, batch):
    options = replace(CORRECTED, engineered_negatives=())
    random, false = draws(dense, options), samples(batch, options)
    assert len(literal.environments(dense, random, options)[1]) == len(false.environments) == 1
    assert literal.encode_negatives(model(options), dense, random) == ([], [])
    assert model(options).encode_negatives(batch, false) == []


@pytest.mark.parametrize("name", ENGINEERED_NEGATIVES)
def test_engineered_negatives_come_one_by_one(dense, batch, name):
    options = replace(CORRECTED, engineered_negatives=(name,))
    random, false = draws(dense, options), samples(batch, options)
    own, environments = literal.environments(dense, random, options)
    crystals = literal.false_crystals(dense, random, options)
    assert len(environments) - 1 + len(crystals) == 1
    assert (len(false.environments), len(false.crystals)) == (len(environments), len(crystals))
    for environment in environments[1:]:
        assert (environment.features is own.features) is (name == "wrong_distances")
        assert (environment.distances is own.distances) is (name == "wrong_species")
    for crystal in crystals:
        assert (crystal.features is dense.features) is (name != "composition_swapped")
        assert (crystal.distances is dense.distances) is (name != "structure_swapped")
        assert (crystal.neighbours is dense.neighbours) is (name != "permuted")


def test_without_kl_nothing_is_sampled(batch):
    false = samples(batch, replace(CORRECTED, kl_weight=0.0))
    assert (false.local_noise == 0).all()
    assert (false.global_noise == 0).all()
    assert (samples(batch, CORRECTED).local_noise != 0).all()
    assert (samples(batch, CORRECTED, noise=False).local_noise == 0).all()


def test_d2_composition_loss_is_half_the_distance_of_fractions(batch):
    m = model(replace(CORRECTED, composition_weight=1.0))
    representation = torch.randn(batch.n_crystals, 64, dtype=torch.float64)
    with torch.no_grad():
        decoded = m.composition_decoder(representation).clamp(min=0)
        decoded /= decoded.sum(1, keepdim=True) + 1e-5
        true = torch.zeros_like(decoded)
        for i, z in enumerate(batch.atomic_numbers):
            c = batch.crystal[i]
            true[c, z - 1] += 1 / batch.n_sites[c]
        expected = (decoded - true).abs().sum(1).mean() / 2
        found = m.composition_loss(representation, batch)
    assert float(found) == pytest.approx(float(expected), abs=1e-5)
    assert InfoMax(CORRECTED).composition_decoder is None


def test_the_stages_do_not_train_each_other(batch):
    m, false = model(CORRECTED), samples(batch, CORRECTED)
    local = m.local_stage(batch, false)
    local.dim.backward()
    assert all(p.grad is None for p in m.encoder.pooled.parameters())
    m.zero_grad()
    crystal = m.global_stage(local.representation, m.encode_negatives(batch, false), batch, false)
    crystal.dim.backward()
    assert all(p.grad is None for p in m.encoder.local.parameters())
    assert all(p.grad is not None for p in m.encoder.pooled.parameters())


def test_presets_differ_only_in_the_documented_faults():
    differing = {
        name
        for name in InfoMaxOptions.__slots__
        if getattr(PUBLISHED, name) != getattr(PRESETS["corrected"], name)
    }
    assert differing == {
        "local_activation",
        "negative_padding",
        "kl_form",
        "selection",
        "validation",
        "identical_negatives",
        "donors",
        "validation_fraction",
        "permutation",
        "quotient",  # no fault: speed
    }


def test_a_variant_is_a_preset_with_changes():
    assert variant({"preset": "corrected"}) == PRESETS["corrected"]
    changed = variant({"preset": "as_published", "kl_weight": 0.5})
    assert changed == replace(PUBLISHED, kl_weight=0.5)
    named = variant({"preset": "corrected", "engineered_negatives": ["permuted"], "trained": True})
    assert named == replace(PRESETS["corrected"], engineered_negatives=("permuted",))
