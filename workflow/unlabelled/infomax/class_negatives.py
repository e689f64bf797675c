"""False samples of classes of sites: the engineered negatives without sites.

In the literal form a negative replaces row by row and column by column. Here whatever stands for
another species is drawn at random: a class of the donor crystal, or an atom of an environment, each
in proportion to its multiplicity. So the species and the distances of a negative follow the same
distributions as in the literal form, but their pairing is drawn for every pair by itself, and the
composition of a permuted environment is kept in expectation instead of exactly. One draw, of noise
too, stands for all sites of a class.
"""

import torch
from torch import Tensor

from unlabelled.infomax.options import InfoMaxOptions
from unlabelled.infomax.samples import FalseSamples, all_of_rows
from unlabelled.point_set.ragged import RaggedBatch
from unlabelled.site_net.encoder import GLOBAL_WIDTH, LOCAL_WIDTH
from unlabelled.site_net.fused import Environments


def false_samples(
    batch: RaggedBatch, options: InfoMaxOptions, generator: torch.Generator, *, noise: bool
) -> FalseSamples:
    """Draw the false samples of a batch; see :func:`unlabelled.infomax.negatives.false_samples`."""
    device, numbers = batch.levels.device, batch.atomic_numbers
    n_classes, n_crystals = len(numbers), batch.n_crystals
    classes = torch.arange(n_classes, device=device)
    order = torch.randperm(n_crystals, generator=generator).to(device)
    donor_crystal = torch.empty_like(order)
    donor_crystal[order] = order.roll(1)
    sites = _Members(torch.bincount(batch.crystal), batch.multiplicity)
    donor = sites.drawn(donor_crystal[batch.crystal], generator)

    n_pairs = batch.first_pair.diff()
    start = torch.cat([n_pairs.new_zeros(1), n_pairs[donor].cumsum(0)])
    owner = classes.repeat_interleave(n_pairs[donor])
    donor_pairs = torch.arange(len(owner), device=device) + (
        batch.first_pair[donor] - start[:-1]
    ).repeat_interleave(n_pairs[donor])
    pair_i = classes.repeat_interleave(n_pairs)
    species_of_pair = numbers[batch.pair_j]
    atoms = _Members(n_pairs, batch.pair_multiplicity)

    def species(rows: Tensor) -> Tensor:
        """Species of an atom drawn from the environment of every row."""
        return species_of_pair[atoms.drawn(rows, generator)]

    def at_own(species: Tensor, centre: Tensor = numbers) -> Environments:
        return Environments(
            centre, batch.first_pair, species, batch.pair_level, batch.pair_multiplicity
        )

    def at_donor(species: Tensor) -> Environments:
        level, merged = batch.pair_level[donor_pairs], batch.pair_multiplicity[donor_pairs]
        return Environments(numbers, start, species, level, merged)

    own_species, donor_species, permuted = species(owner), species(donor[pair_i]), species(pair_i)
    local = {
        "wrong_distances": at_donor(own_species),
        "wrong_species": at_own(donor_species),
    }
    crystals = {
        "composition_swapped": at_own(numbers[donor][batch.pair_j], numbers[donor]),
        "structure_swapped": at_donor(own_species),
        "permuted": at_own(permuted),
    }

    def identical(false: Environments) -> Tensor:
        if false.start is not batch.first_pair:  # the distances are another's
            return torch.zeros(n_classes, dtype=torch.bool, device=device)
        rows = all_of_rows(false.species == species_of_pair, pair_i, n_classes)
        return rows & (false.centre == numbers)

    used = options.engineered_negatives
    environments = [at_donor(species_of_pair[donor_pairs]), *(local[n] for n in local if n in used)]
    false_crystals = [crystals[n] for n in crystals if n in used]
    masked = options.identical_negatives == "masked"
    scale = 1.0 if noise and options.kl_weight > 0 else 0.0
    return FalseSamples(
        donor=donor,
        environments=environments,
        crystals=false_crystals,
        identical=[identical(e) for e in environments] if masked else [],
        identical_crystals=[identical(e) for e in false_crystals] if masked else [],
        local_noise=scale * _normal(n_classes, LOCAL_WIDTH, batch, generator),
        global_noise=scale * _normal(n_crystals, GLOBAL_WIDTH, batch, generator),
    )


class _Members:
    """Members of groups, each as often as its multiplicity says.

    Parameters
    ----------
    sizes
        (G,) int64, members of every group; the members of a group stand one after another.
    multiplicity
        Of every member, whole numbers.
    """

    def __init__(self, sizes: Tensor, multiplicity: Tensor) -> None:
        members = torch.arange(len(multiplicity), device=sizes.device)
        self._members = members.repeat_interleave(multiplicity.long())
        ends = multiplicity.long().cumsum(0)[sizes.cumsum(0) - 1]
        self._sizes = ends.diff(prepend=ends.new_zeros(1))
        self._first = ends - self._sizes

    def drawn(self, groups: Tensor, generator: torch.Generator) -> Tensor:
        """Draw one member of every group asked for, in proportion to its multiplicity."""
        sizes = self._sizes[groups]
        # double: float32 would round up to the next group
        uniform = torch.rand(len(groups), generator=generator, dtype=torch.float64).to(sizes.device)
        return self._members[self._first[groups] + (uniform * sizes).long()]


def _normal(n: int, width: int, like: RaggedBatch, generator: torch.Generator) -> Tensor:
    return torch.randn(n, width, generator=generator).to(like.levels)
