"""False samples of sites, as published or corrected, and the randomness of one training step.

The literal form pads the environments of a batch to one width, and its false samples are made by
moving rows and columns of the padded tensors. The same samples are made here without padding: atom
c of site i is entry ``first_pair[i] + c``; beyond the atoms of a crystal its sites start over, at
distance 0, as in the padding.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from unlabelled.infomax.options import InfoMaxOptions
from unlabelled.infomax.samples import FalseSamples, all_of_rows
from unlabelled.point_set.ragged import RaggedBatch
from unlabelled.site_net.encoder import GLOBAL_WIDTH, LOCAL_WIDTH
from unlabelled.site_net.fused import Environments


@dataclass(frozen=True, slots=True)
class Draws:
    """All random numbers of one step.

    Attributes
    ----------
    donor : torch.Tensor
        (N,) int64: the row that replaces row i in a negative.
    order : torch.Tensor
        (C, J) int64: which atom's species every one of J columns gets, to reassign species to
        distances; J is the largest number of atoms.
    local_noise : torch.Tensor
        (N, 32) standard normal, or zero.
    global_noise : torch.Tensor
        (C, 64) standard normal, or zero.
    """

    donor: Tensor
    order: Tensor
    local_noise: Tensor
    global_noise: Tensor


def draw(
    n_sites: Tensor,
    n_supercell: Tensor,
    options: InfoMaxOptions,
    generator: torch.Generator,
    *,
    noise: bool,
) -> Draws:
    """Draw what one step needs.

    Parameters
    ----------
    n_sites, n_supercell
        (C,) int64, primitive sites and atoms of every crystal, on the CPU.
    options
        Variant.
    generator
        CPU generator, so that numbers do not depend on the device.
    noise
        Whether representations are sampled.

    Returns
    -------
    Draws
        On the CPU.
    """
    n_crystals, total, width = len(n_sites), int(n_sites.sum()), int(n_supercell.max())
    if options.donors == "roll":
        # half a batch away: with two or more crystals most rows meet another crystal
        donor = torch.arange(total).roll(total // 2)
    else:
        donor = _derangement(n_sites, generator)
    if options.permutation == "padded_columns":
        order = torch.randperm(width, generator=generator).expand(n_crystals, width)
    else:
        keys = torch.rand(n_crystals, width, generator=generator)
        columns = torch.arange(width)
        beyond = columns >= n_supercell.unsqueeze(1)
        order = torch.where(beyond, 1.0 + columns, keys).argsort(dim=1)
    scale = 1.0 if noise and options.kl_weight > 0 else 0.0
    return Draws(
        donor=donor,
        order=order,
        local_noise=scale * torch.randn(total, LOCAL_WIDTH, generator=generator),
        global_noise=scale * torch.randn(n_crystals, GLOBAL_WIDTH, generator=generator),
    )


def _derangement(n_sites: Tensor, generator: torch.Generator) -> Tensor:
    """Rows of one other crystal, drawn as a random cycle through all crystals of the batch."""
    n_crystals = len(n_sites)
    order = torch.randperm(n_crystals, generator=generator)
    donor_of = torch.empty_like(order)
    donor_of[order] = order.roll(1)
    first_row = n_sites.cumsum(0) - n_sites
    crystal = torch.arange(n_crystals).repeat_interleave(n_sites)
    place = torch.arange(len(crystal)) - first_row[crystal]
    donor = donor_of[crystal]
    return first_row[donor] + place % n_sites[donor]


def false_samples(
    batch: RaggedBatch, options: InfoMaxOptions, generator: torch.Generator, *, noise: bool
) -> FalseSamples:
    """Draw the false samples of a batch each of whose classes is one site; see :func:`draw`.

    The engineered ones are, for sites, wrong distances (own species) and wrong species (own
    distances); for crystals, composition swapped (another crystal's species), structure swapped
    (another crystal's distances) and permuted (own species at wrong distances).
    """
    device = batch.levels.device
    layout = _Layout(batch)
    n_atoms = batch.first_pair.diff()
    first_site = batch.n_sites.long().cumsum(0) - batch.n_sites.long()
    draws = draw(
        batch.n_sites.long().cpu(), n_atoms[first_site].cpu(), options, generator, noise=noise
    )
    donor, order = draws.donor.to(device), draws.order.to(device)
    own = torch.arange(len(donor), device=device)
    numbers, n_donor = batch.atomic_numbers, n_atoms[donor]
    # Mismatched padding is that of the row of the species, matched that of the distances.
    matched = options.negative_padding == "matched"
    other = layout.environments(numbers, n_donor, donor, donor)
    local = {
        "wrong_distances": (numbers, n_donor if matched else n_atoms, own, donor),
        "wrong_species": (numbers, n_atoms if matched else n_donor, donor, own),
    }
    crystals = {
        "composition_swapped": (numbers[donor], n_atoms, own, own),
        "structure_swapped": (numbers, n_donor, own, donor),
        "permuted": (numbers, n_atoms, own, own, order[batch.crystal]),
    }
    used = options.engineered_negatives
    environments = [other, *(layout.environments(*local[n]) for n in local if n in used)]
    false_crystals = [layout.environments(*crystals[n]) for n in crystals if n in used]
    masked = options.identical_negatives == "masked"
    return FalseSamples(
        donor=donor,
        environments=environments,
        crystals=false_crystals,
        identical=[layout.equal(e) for e in environments] if masked else [],
        identical_crystals=[layout.equal(e, n_atoms) for e in false_crystals] if masked else [],
        local_noise=draws.local_noise.to(batch.levels),
        global_noise=draws.global_noise.to(batch.levels),
    )


class _Layout:
    """Padded rows and columns of a batch of sites, found without padding."""

    def __init__(self, batch: RaggedBatch) -> None:
        self._batch = batch
        self._n_atoms = batch.first_pair.diff()
        n_sites = batch.n_sites.long()
        self._n_sites = n_sites[batch.crystal]
        self._first_site = (n_sites.cumsum(0) - n_sites)[batch.crystal]
        self._images = self._n_atoms // self._n_sites

    def environments(
        self,
        elements: Tensor,
        width: Tensor,
        of_species: Tensor,
        of_distances: Tensor,
        order: Tensor | None = None,
    ) -> Environments:
        """Put together environments from the species of some rows and the distances of others.

        Parameters
        ----------
        elements
            (N,) atomic number of every site.
        width
            (N,) columns of every row.
        of_species, of_distances
            (N,) rows.
        order
            (N, J), column whose species every column gets.
        """
        start = torch.cat([width.new_zeros(1), width.cumsum(0)])
        owner, column = _columns(start)
        from_column = column if order is None else order[owner, column]
        species = elements[self._site(of_species[owner], from_column)]
        level = self._level(of_distances[owner], column)
        multiplicity = torch.ones(len(owner), device=level.device, dtype=self._batch.levels.dtype)
        return Environments(elements, start, species, level, multiplicity)

    def equal(self, false: Environments, width: Tensor | None = None) -> Tensor:
        """(N,) bool: rows that do not differ from the true ones; nor in `width`, if given."""
        batch = self._batch
        owner, column = _columns(false.start)
        species = batch.atomic_numbers[self._site(owner, column)]
        distances = batch.levels[self._level(owner, column)]
        same = (false.species == species) & (batch.levels[false.level] == distances)
        rows = all_of_rows(same, owner, false.n_rows) & (false.centre == batch.atomic_numbers)
        return rows if width is None else rows & (false.start.diff() == width)

    def _site(self, row: Tensor, column: Tensor) -> Tensor:
        place = column // self._images[row] % self._n_sites[row]
        return self._first_site[row] + place

    def _level(self, row: Tensor, column: Tensor) -> Tensor:
        batch = self._batch
        inside = column < self._n_atoms[row]
        pair = batch.first_pair[row] + torch.where(inside, column, 0)
        return torch.where(inside, batch.pair_level[pair], batch.first_level[batch.crystal[row]])


def _columns(start: Tensor) -> tuple[Tensor, Tensor]:
    """Row and column of every entry of a list of rows."""
    owner = torch.arange(len(start) - 1, device=start.device).repeat_interleave(start.diff())
    return owner, torch.arange(len(owner), device=start.device) - start[owner]
