"""False samples of classes of sites: the engineered negatives without sites.

In the literal form a negative replaces row by row and column by column. Here whatever stands for
another species is drawn at random: a class of the donor crystal, or an atom of an environment, each
in proportion to its multiplicity. So the species and the distances of a negative follow the same
distributions as in the literal form, but their pairing is drawn for every pair by itself, and the
composition of a permuted environment is kept in expectation instead of exactly. One draw, of noise
too, stands for all sites of a class.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from unlabelled.infomax.options import InfoMaxOptions
from unlabelled.point_set.ragged import RaggedBatch
from unlabelled.site_net.encoder import GLOBAL_WIDTH, LOCAL_WIDTH


@dataclass(frozen=True, slots=True)
class ClassDraws:
    """All random numbers of one step.

    Attributes
    ----------
    donor : torch.Tensor
        (K,) int64: the class of another crystal that replaces class i in a negative.
    donor_pairs, donor_owner : torch.Tensor
        (M',) int64: pairs of the donors, in the order of the classes they replace, and those.
    own_species : torch.Tensor
        (M',) int64: class of an own atom at every distance of the donor.
    donor_species : torch.Tensor
        (M,) int64: class of an atom of the donor at every own distance.
    permuted : torch.Tensor
        (M,) int64: class of an own atom at every own distance.
    local_noise : torch.Tensor
        (K, 32) standard normal, or zero.
    global_noise : torch.Tensor
        (C, 64) standard normal, or zero.
    """

    donor: Tensor
    donor_pairs: Tensor
    donor_owner: Tensor
    own_species: Tensor
    donor_species: Tensor
    permuted: Tensor
    local_noise: Tensor
    global_noise: Tensor


def draw(
    batch: RaggedBatch, options: InfoMaxOptions, generator: torch.Generator, *, noise: bool
) -> ClassDraws:
    """Draw what one step needs; see :func:`unlabelled.infomax.negatives.draw`."""
    device = batch.features.device
    n_classes, n_crystals = batch.features.shape[0], batch.n_crystals
    order = torch.randperm(n_crystals, generator=generator).to(device)
    donor_crystal = torch.empty_like(order)
    donor_crystal[order] = order.roll(1)
    sizes = torch.bincount(batch.crystal, minlength=n_crystals)
    donor = _drawn(donor_crystal[batch.crystal], sizes, batch.multiplicity, generator)

    n_pairs = torch.bincount(batch.pair_i, minlength=n_classes)
    first_pair = n_pairs.cumsum(0) - n_pairs
    owner = torch.arange(n_classes, device=device).repeat_interleave(n_pairs[donor])
    starts = n_pairs[donor].cumsum(0) - n_pairs[donor]
    places = torch.arange(owner.shape[0], device=device) - starts[owner]

    def species(rows: Tensor) -> Tensor:
        """Class of an atom drawn from the environment of every row."""
        return batch.pair_j[_drawn(rows, n_pairs, batch.pair_multiplicity, generator)]

    scale = 1.0 if noise and options.kl_weight > 0 else 0.0
    return ClassDraws(
        donor=donor,
        donor_pairs=first_pair[donor][owner] + places,
        donor_owner=owner,
        own_species=species(owner),
        donor_species=species(donor[batch.pair_i]),
        permuted=species(batch.pair_i),
        local_noise=scale * _normal(n_classes, LOCAL_WIDTH, batch.features, generator),
        global_noise=scale * _normal(n_crystals, GLOBAL_WIDTH, batch.features, generator),
    )


def _drawn(group: Tensor, sizes: Tensor, weights: Tensor, generator: torch.Generator) -> Tensor:
    """Draw one member of every group asked for, in proportion to its weight.

    Parameters
    ----------
    group
        (n,) int64, group to draw from.
    sizes
        (G,) int64, members of every group; the members of a group stand one after another.
    weights
        Weight of every member.
    """
    last = sizes.cumsum(0)
    cumulative = weights.double().cumsum(0)  # whole numbers: exact
    ends = cumulative[last - 1]
    begins = ends - ends.diff(prepend=ends.new_zeros(1))
    uniform = torch.rand(group.shape[0], generator=generator, dtype=torch.float64).to(
        weights.device
    )
    where = begins[group] + uniform * (ends - begins)[group]
    return torch.searchsorted(cumulative, where, right=True).clamp(max=last[group] - 1)


def _normal(n: int, width: int, like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(n, width, generator=generator).to(like)


@dataclass(frozen=True, slots=True)
class ClassConstituents:
    """The environment of every class, as the local scorer sees it.

    Attributes
    ----------
    features : torch.Tensor
        (M, 9) site inputs of the atoms.
    distances : torch.Tensor
        (M,), Å.
    multiplicity : torch.Tensor
        (M,), atoms merged into the pair.
    owner : torch.Tensor
        (M,) int64, class whose environment it is.
    n_classes : int
        Number of classes.
    """

    features: Tensor
    distances: Tensor
    multiplicity: Tensor
    owner: Tensor
    n_classes: int

    def equals(self, positive: "ClassConstituents") -> Tensor:
        """(K,) bool: whether no atom differs from the positive's; another's distances do."""
        if self.owner is not positive.owner:
            return torch.zeros(self.n_classes, dtype=torch.bool, device=self.owner.device)
        return _all((self.features == positive.features).all(-1), self.owner, self.n_classes)

    def spread(self, of_classes: Tensor) -> Tensor:
        """Rows of the owners, for every pair."""
        return of_classes[self.owner]

    def mean(self, values: Tensor, exponent: float) -> Tensor:
        """Mean over the atoms, weighted by (d + 1)^-exponent, (K,)."""
        weight = self.multiplicity * (self.distances + 1) ** -exponent
        totals = values.new_zeros(2, self.n_classes)
        totals = totals.index_add(1, self.owner, torch.stack([weight * values, weight]))
        return totals[0] / totals[1]


def environments(
    batch: RaggedBatch, draws: ClassDraws, options: InfoMaxOptions
) -> tuple[ClassConstituents, list[ClassConstituents]]:
    """Return true and false environments; see :func:`unlabelled.infomax.negatives.environments`."""
    features, n_classes = batch.features, batch.features.shape[0]
    at_own = (batch.distances, batch.pair_multiplicity, batch.pair_i, n_classes)
    at_donor = (
        batch.distances[draws.donor_pairs],
        batch.pair_multiplicity[draws.donor_pairs],
        draws.donor_owner,
        n_classes,
    )
    own = ClassConstituents(features[batch.pair_j], *at_own)
    false = [ClassConstituents(features[batch.pair_j[draws.donor_pairs]], *at_donor)]
    if "wrong_distances" in options.engineered_negatives:
        false.append(ClassConstituents(features[draws.own_species], *at_donor))
    if "wrong_species" in options.engineered_negatives:
        false.append(ClassConstituents(features[draws.donor_species], *at_own))
    return own, false


def false_crystals(
    batch: RaggedBatch, draws: ClassDraws, options: InfoMaxOptions
) -> list[RaggedBatch]:
    """Crystals with one thing wrong; see :func:`unlabelled.infomax.negatives.false_crystals`."""
    changes: dict[str, dict[str, Tensor]] = {
        "composition_swapped": {
            "features": batch.features[draws.donor],
            "atomic_numbers": batch.atomic_numbers[draws.donor],
        },
        "structure_swapped": {
            "pair_i": draws.donor_owner,
            "pair_j": draws.own_species,
            "distances": batch.distances[draws.donor_pairs],
            "pair_multiplicity": batch.pair_multiplicity[draws.donor_pairs],
        },
        "permuted": {"pair_j": draws.permuted},
    }
    used = [changes[name] for name in changes if name in options.engineered_negatives]
    return [replace(batch, **change) for change in used]


def same_sites(false: RaggedBatch, true: RaggedBatch) -> Tensor:
    """(K,) bool: classes that the encoder cannot tell from the true crystal's."""
    own = (false.features == true.features).all(-1)
    if false.pair_i is not true.pair_i:
        return torch.zeros_like(own)
    atoms = (false.features[false.pair_j] == true.features[true.pair_j]).all(-1)
    return own & _all(atoms, true.pair_i, own.shape[0])


def _all(pairs: Tensor, owner: Tensor, n_classes: int) -> Tensor:
    different = torch.zeros(n_classes, device=owner.device)
    return different.index_add(0, owner, (~pairs).float()) == 0
