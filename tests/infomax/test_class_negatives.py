"""Negatives of classes of sites: their formulas, and the distributions they are drawn from."""

from collections import Counter
from dataclasses import replace

import pytest
import torch
from torch.nn.functional import softplus

from unlabelled.errors import UserError
from unlabelled.infomax.initial import initialise
from unlabelled.infomax.objective import false_samples
from unlabelled.infomax.options import ENGINEERED_NEGATIVES, PRESETS, variant
from unlabelled.point_set import ragged
from unlabelled.point_set.quotient import every_site, quotient
from unlabelled.site_net.encoder import crystal_mean, own_environments

OPTIONS = PRESETS["corrected"]


@pytest.fixture
def batch(point_sets):
    return ragged.collate([quotient(p) for p in point_sets]).double()


@pytest.fixture
def model():
    return initialise(OPTIONS, seed=0).double()


def samples(batch, seed=0, options=OPTIONS, *, noise=True):
    generator = torch.Generator().manual_seed(seed)
    return false_samples(batch, options, generator, noise=noise)


def test_the_true_terms_are_those_of_the_sites(model, batch, point_sets):
    sites = ragged.collate([every_site(p) for p in point_sets]).double()
    losses = []
    for one in (batch, sites):
        mean = model.encoder.local.represent(one)
        score = model._environment_loss(model.site_projection(mean), one)
        of_environment = score(own_environments(one), sign=-1)
        divergence = model._divergence(mean, mean, one)
        losses.append([*crystal_mean(of_environment, one).tolist(), divergence.item()])
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)


def mean_of(terms):
    """Mean of numbers that count as often as the second of each pair says; None if none does."""
    total = sum(weight for _, weight in terms)
    return sum(value * weight for value, weight in terms) / total if total else None


def loss_of_batch(batch, of_class):
    """Mean over the sites of every crystal, then over crystals, of true and counted false terms."""
    of_crystals = [[] for _ in range(batch.n_crystals)]
    for i, n_sites in enumerate(batch.multiplicity.tolist()):
        (true, _), *false = [(value.item(), not same) for value, same in of_class(i)]
        if (negative := mean_of(false)) is not None:
            of_crystals[batch.crystal[i]].append((true + negative, n_sites))
    return mean_of([(mean_of(sites), 1) for sites in of_crystals if sites])


@torch.no_grad()
def test_the_losses_are_the_formulas(model, batch):
    """Class by class, each as often as it has sites, and pair by pair."""
    m, false, own = model, samples(batch), own_environments(batch)
    assert any(flags.any() for flags in [*false.identical, *false.identical_crystals])
    h = m.encoder.local(batch)
    local, log_variance = m.encoder.local.bottleneck(h), m.local_log_variance(h)
    noisy_sites = local + false.local_noise * (log_variance / 2).exp()

    def against_atoms(i, environment, sign):
        pairs = slice(*environment.start[i : i + 2])
        species, d = environment.species[pairs], batch.levels[environment.level[pairs]]
        q = torch.cat([m.encoder.local.elements[species], d[:, None]], dim=1)
        scores = m.constituent_projection(q) @ m.site_projection(noisy_sites[i])
        weights = environment.multiplicity[pairs] * (d + 1) ** -2
        return (weights * softplus(sign * scores)).sum() / weights.sum()

    def of_site(i):
        yield against_atoms(i, own, -1), False
        for environment, same in zip(false.environments, false.identical, strict=True):
            yield against_atoms(i, environment, 1), same[i]

    stage = m.local_stage(batch, false)
    assert stage.dim.item() == pytest.approx(loss_of_batch(batch, of_site), rel=1e-9)

    fakes = m.encode_negatives(batch, false)
    u = m.encoder.pooled(local, batch)
    mean, log_variance = m.encoder.pooled.bottleneck(u), m.global_log_variance(u)
    crystals = m.crystal_projection(mean + false.global_noise * (log_variance / 2).exp())

    def of_member(i):
        c, other = batch.crystal[i], batch.crystal[false.donor[i]]
        yield softplus(-crystals[c] @ m.member_projection(local[i])), False
        yield softplus(crystals[other] @ m.member_projection(local[i])), False
        for fake, same in zip(fakes, false.identical_crystals, strict=True):
            yield softplus(crystals[c] @ m.member_projection(fake[i])), same[i]

    stage = m.global_stage(local, fakes, batch, false)
    assert stage.dim.item() == pytest.approx(loss_of_batch(batch, of_member), rel=1e-9)


def test_donors_are_classes_of_one_other_crystal_in_proportion_to_their_sites(batch):
    seen = Counter()
    for seed in range(300):
        donor = samples(batch, seed).donor
        crystals = batch.crystal[donor]
        assert (crystals != batch.crystal).all()
        for c in range(batch.n_crystals):
            assert len(set(crystals[batch.crystal == c].tolist())) == 1
        seen.update(donor.tolist())
    titania = (batch.crystal == 4).nonzero().ravel().tolist()  # Ti 2, O 4
    counts = {int(batch.atomic_numbers[i]): seen[i] for i in titania}
    assert counts[8] / counts[22] == pytest.approx(2, rel=0.2)


def pairs(environments, row):
    """Species, level and number of atoms of every pair of a row."""
    mine = slice(*environments.start[row : row + 2])
    columns = (environments.species, environments.level, environments.multiplicity)
    return list(zip(*(column[mine].tolist() for column in columns), strict=True))


def counts(environments, row):
    """Species and levels of a row, each with how often."""
    species, levels = Counter(), Counter()
    for number, level, n in pairs(environments, row):
        species[number] += n
        levels[level] += n
    return species, levels


def test_false_environments_have_the_distances_and_the_species_they_should(batch):
    row = int((batch.crystal == 5).nonzero()[0])  # strontium titanate, three elements
    own = own_environments(batch)
    own_species, own_levels = counts(own, row)
    drawn = Counter()
    for seed in range(200):
        false = samples(batch, seed)
        donor = int(false.donor[row])
        donor_species, donor_levels = counts(own, donor)
        fully, wrong_distances, wrong_species = false.environments
        assert pairs(fully, row) == pairs(own, donor)
        for part, species, levels in (
            (wrong_distances, own_species, donor_levels),
            (wrong_species, donor_species, own_levels),
        ):
            found_species, found_levels = counts(part, row)
            assert set(found_species) <= set(species)
            assert found_levels == levels
            assert (part.centre == batch.atomic_numbers).all()
        # every pair is drawn by itself, whatever atoms are merged into it
        drawn.update(number for number, _, _ in pairs(false.crystals[2], row))
    total, atoms = sum(drawn.values()), sum(own_species.values())
    for number, n in own_species.items():
        assert drawn[number] / total == pytest.approx(n / atoms, abs=0.03)


def test_false_crystals_have_one_thing_wrong(batch):
    own, false = own_environments(batch), samples(batch)
    composition, structure, permuted = false.crystals
    assert (composition.centre == batch.atomic_numbers[false.donor]).all()
    assert (composition.species == batch.atomic_numbers[false.donor[batch.pair_j]]).all()
    for crystal in (structure, permuted):
        assert (crystal.centre == batch.atomic_numbers).all()
    for row, donor in enumerate(false.donor.tolist()):
        own_species, own_levels = counts(own, row)
        assert counts(composition, row)[1] == counts(permuted, row)[1] == own_levels
        assert counts(structure, row)[1] == counts(own, donor)[1]
        for crystal in (structure, permuted):
            assert set(counts(crystal, row)[0]) <= set(own_species)


@pytest.mark.parametrize("name", ENGINEERED_NEGATIVES)
def test_engineered_negatives_come_one_by_one(batch, name):
    false = samples(batch, options=replace(OPTIONS, engineered_negatives=(name,)))
    place = ENGINEERED_NEGATIVES.index(name)
    assert (len(false.environments), len(false.crystals)) == ((2, 0) if place < 2 else (1, 1))
    every = samples(batch)
    expected = [*every.environments[1:], *every.crystals][place]
    for part in [*false.environments[1:], *false.crystals]:
        assert all(
            torch.equal(getattr(part, field), getattr(expected, field))
            for field in ("centre", "start", "species", "level", "multiplicity")
        )
        at_own_distances = name not in ("wrong_distances", "structure_swapped")
        assert (part.level is batch.pair_level) is at_own_distances
        assert (part.centre is batch.atomic_numbers) is (name != "composition_swapped")


def test_d21_negatives_equal_to_positives_are_found(batch):
    own, false = own_environments(batch), samples(batch)
    elemental = torch.tensor([c in (2, 3) for c in batch.crystal.tolist()])  # diamond, iron
    permuted = false.identical_crystals[2]
    assert permuted[elemental].all()
    assert not permuted[~elemental].all()
    for parts, identical in (
        (false.environments, false.identical),
        (false.crystals, false.identical_crystals),
    ):
        for part, flags in zip(parts, identical, strict=True):
            for row, found in enumerate(flags.tolist()):
                same = pairs(part, row) == pairs(own, row)
                assert found is (same and bool(part.centre[row] == own.centre[row]))
    kept = samples(batch, options=replace(OPTIONS, identical_negatives="kept"))
    assert not [*kept.identical, *kept.identical_crystals]


def test_both_stages_train_their_part_and_no_other(model, batch):
    false = samples(batch)
    local = model.local_stage(batch, false)
    (local.dim + local.kl).backward()
    assert all(p.grad is not None for p in model.encoder.local.parameters())
    assert all(p.grad is None for p in model.encoder.pooled.parameters())
    model.zero_grad()
    encoded = model.encode_negatives(batch, false)
    assert len(encoded) == 3
    crystal = model.global_stage(local.representation, encoded, batch, false)
    (crystal.dim + crystal.kl).backward()
    assert all(p.grad is None for p in model.encoder.local.parameters())
    assert all(p.grad is not None for p in model.encoder.pooled.parameters())


def test_without_noise_only_negatives_are_random(batch):
    false = samples(batch, noise=False)
    assert not false.local_noise.any()
    assert not false.global_noise.any()
    assert samples(batch).local_noise.all()
    assert torch.equal(false.donor, samples(batch).donor)


def test_published_negatives_need_sites():
    with pytest.raises(UserError, match=r"'donors': 'roll'.*add quotient: false"):
        variant({"preset": "corrected", "donors": "roll"})
    assert not variant({"preset": "corrected", "donors": "roll", "quotient": False}).quotient
