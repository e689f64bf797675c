"""Negatives of classes of sites: their formulas, and the distributions they are drawn from."""

from collections import Counter
from dataclasses import replace

import pytest
import torch

from unlabelled.errors import UserError
from unlabelled.infomax import class_negatives, negatives
from unlabelled.infomax.options import ENGINEERED_NEGATIVES, PRESETS, variant
from unlabelled.infomax.training import initialise
from unlabelled.point_set import batch as dense
from unlabelled.point_set import ragged
from unlabelled.point_set.quotient import quotient
from unlabelled.site_net.encoder import crystal_mean

OPTIONS = PRESETS["corrected"]


@pytest.fixture
def batch(point_sets):
    return ragged.collate([quotient(p) for p in point_sets]).double()


@pytest.fixture
def model():
    return initialise(OPTIONS, seed=0).double()


def draws(batch, seed=0, options=OPTIONS, *, noise=True):
    generator = torch.Generator().manual_seed(seed)
    return class_negatives.draw(batch, options, generator, noise=noise)


def test_the_true_terms_are_those_of_the_sites(model, batch, point_sets):
    sites = dense.collate(point_sets).double()
    own, _ = class_negatives.environments(batch, draws(batch), OPTIONS)
    of_sites, _ = negatives.environments(
        sites,
        negatives.draw(sites, OPTIONS, torch.Generator().manual_seed(0), noise=False),
        OPTIONS,
    )
    losses = []
    for one, environment in ((batch, own), (sites, of_sites)):
        mean = model.encoder.local.represent(one)
        anchor = model.site_projection(mean)
        of_environment = model._environment_loss(anchor, environment, sign=-1)
        divergence = model._divergence(mean, mean, one)
        losses.append([*crystal_mean(of_environment, one).tolist(), float(divergence)])
    # distances are float32, and sites may be merged within 1e-3 Å
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_donors_are_classes_of_one_other_crystal_in_proportion_to_their_sites(batch):
    seen = Counter()
    for seed in range(300):
        donor = draws(batch, seed).donor
        crystals = batch.crystal[donor]
        assert (crystals != batch.crystal).all()
        for c in range(batch.n_crystals):
            assert len(set(crystals[batch.crystal == c].tolist())) == 1
        seen.update(donor.tolist())
    titania = (batch.crystal == 4).nonzero().ravel().tolist()  # Ti 2, O 4
    counts = {int(batch.atomic_numbers[i]): seen[i] for i in titania}
    assert counts[8] / counts[22] == pytest.approx(2, rel=0.2)


def environment(batch, row):
    """Species and distances of a class, each with how often."""
    pairs = (batch.pair_i == row).nonzero().ravel().tolist()
    species, distances = Counter(), Counter()
    for p in pairs:
        n = int(batch.pair_multiplicity[p])
        species[int(batch.atomic_numbers[batch.pair_j[p]])] += n
        distances[round(float(batch.distances[p]), 6)] += n
    return species, distances


def test_negatives_have_the_distances_and_the_species_they_should(batch):
    row = int((batch.crystal == 5).nonzero()[0])  # strontium titanate, three elements
    own_species, own_distances = environment(batch, row)
    own_draws = Counter()
    for seed in range(200):
        random = draws(batch, seed)
        donor_species, donor_distances = environment(batch, int(random.donor[row]))
        _, false = class_negatives.environments(batch, random, OPTIONS)
        fully, wrong_distances, wrong_species = false
        for part, distances in (
            (fully, donor_distances),
            (wrong_distances, donor_distances),
            (wrong_species, own_distances),
        ):
            mine = part.owner == row
            found = Counter()
            for d, n in zip(part.distances[mine], part.multiplicity[mine], strict=True):
                found[round(float(d), 6)] += int(n)
            assert found == distances
        at_own = batch.atomic_numbers[random.donor_species[batch.pair_i == row]]
        assert set(at_own.tolist()) <= set(donor_species)
        at_donor = batch.atomic_numbers[random.own_species[random.donor_owner == row]]
        assert set(at_donor.tolist()) <= set(own_species)
        own_draws.update(batch.atomic_numbers[random.permuted[batch.pair_i == row]].tolist())
    total, atoms = sum(own_draws.values()), sum(own_species.values())
    for number, n in own_species.items():
        assert own_draws[number] / total == pytest.approx(n / atoms, abs=0.03)


@pytest.mark.parametrize("name", ENGINEERED_NEGATIVES)
def test_engineered_negatives_come_one_by_one(batch, name):
    options = replace(OPTIONS, engineered_negatives=(name,))
    random = draws(batch, options=options)
    own, false = class_negatives.environments(batch, random, options)
    crystals = class_negatives.false_crystals(batch, random, options)
    assert len(false) - 1 + len(crystals) == 1
    for part in false[1:]:
        assert (part.owner is own.owner) is (name == "wrong_species")
    for crystal in crystals:
        assert (crystal.features is batch.features) is (name != "composition_swapped")
        assert (crystal.distances is batch.distances) is (name != "structure_swapped")
        assert (crystal.pair_j is batch.pair_j) is (name == "composition_swapped")


def test_d21_negatives_equal_to_positives_are_found(batch):
    random = draws(batch)
    permuted = class_negatives.false_crystals(batch, random, OPTIONS)[2]
    same = class_negatives.same_sites(permuted, batch)
    elemental = torch.tensor([c in (2, 3) for c in batch.crystal.tolist()])  # diamond, iron
    assert same[elemental].all()
    assert not same[~elemental].all()


def test_both_stages_train_their_part_and_no_other(model, batch):
    random = draws(batch)
    local = model.local_stage(batch, random)
    (local.dim + local.kl).backward()
    assert all(p.grad is not None for p in model.encoder.local.parameters())
    assert all(p.grad is None for p in model.encoder.pooled.parameters())
    model.zero_grad()
    false = model.encode_negatives(batch, random)
    assert len(false[0]) == 3
    crystal = model.global_stage(local.representation, false, batch, random)
    (crystal.dim + crystal.kl).backward()
    assert all(p.grad is None for p in model.encoder.local.parameters())
    assert all(p.grad is not None for p in model.encoder.pooled.parameters())


def test_without_noise_only_negatives_are_random(batch):
    random = draws(batch, noise=False)
    assert not random.local_noise.any()
    assert not random.global_noise.any()
    assert draws(batch).local_noise.all()


def test_published_negatives_need_sites():
    with pytest.raises(UserError, match=r"'donors': 'roll'.*add quotient: false"):
        variant({"preset": "corrected", "donors": "roll"})
    assert not variant({"preset": "corrected", "donors": "roll", "quotient": False}).quotient
