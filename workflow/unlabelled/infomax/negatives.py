"""False samples: where they come from, and the randomness of one training step."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from unlabelled.infomax.options import InfoMaxOptions
from unlabelled.point_set.batch import Batch
from unlabelled.site_net.encoder import GLOBAL_WIDTH, LOCAL_WIDTH


@dataclass(frozen=True, slots=True)
class Draws:
    """All random numbers of one step.

    Attributes
    ----------
    donor : torch.Tensor
        (N,) int64: the row that replaces row i in a negative.
    permuted : torch.Tensor
        (N, J) int64: ``Batch.neighbours`` with species reassigned to distances.
    local_noise : torch.Tensor
        (N, 32) standard normal, or zero.
    global_noise : torch.Tensor
        (C, 64) standard normal, or zero.
    """

    donor: Tensor
    permuted: Tensor
    local_noise: Tensor
    global_noise: Tensor


def draw(
    batch: Batch, options: InfoMaxOptions, generator: torch.Generator, *, noise: bool
) -> Draws:
    """Draw what one step needs.

    Parameters
    ----------
    batch
        On any device; numbers are drawn on the CPU and moved, so that they do not depend on it.
    options
        Variant.
    generator
        CPU generator.
    noise
        Whether representations are sampled.

    Returns
    -------
    Draws
    """
    donor = _roll(batch) if options.donors == "roll" else _derangement(batch, generator)
    if options.permutation == "padded_columns":
        columns = torch.randperm(batch.neighbours.shape[1], generator=generator)
        permuted = batch.neighbours[:, columns]
    else:
        permuted = _permute_own_columns(batch, generator)
    n_sites, n_crystals = batch.features.shape[0], batch.n_crystals
    scale = batch.features.new_tensor(1.0 if noise and options.kl_weight > 0 else 0.0)
    device = batch.features.device
    return Draws(
        donor=donor,
        permuted=permuted,
        local_noise=scale * torch.randn(n_sites, LOCAL_WIDTH, generator=generator).to(device),
        global_noise=scale * torch.randn(n_crystals, GLOBAL_WIDTH, generator=generator).to(device),
    )


def _roll(batch: Batch) -> Tensor:
    """Row half a batch away, so that with two or more crystals most rows meet another crystal."""
    rows = torch.arange(batch.features.shape[0], device=batch.features.device)
    return rows.roll(rows.shape[0] // 2)


def _derangement(batch: Batch, generator: torch.Generator) -> Tensor:
    """Rows of one other crystal, drawn as a random cycle through all crystals of the batch."""
    device = batch.features.device
    order = torch.randperm(batch.n_crystals, generator=generator).to(device)
    donor_of = torch.empty_like(order)
    donor_of[order] = order.roll(1)
    first_row = batch.n_sites.cumsum(0) - batch.n_sites
    rows = torch.arange(batch.features.shape[0], device=device)
    place = rows - first_row[batch.crystal]
    donor_crystal = donor_of[batch.crystal]
    return first_row[donor_crystal] + place % batch.n_sites[donor_crystal]


def _permute_own_columns(batch: Batch, generator: torch.Generator) -> Tensor:
    """One permutation per crystal of the columns that hold its atoms; padding stays in place."""
    width = batch.neighbours.shape[1]
    keys = torch.rand(batch.n_crystals, width, generator=generator).to(batch.features.device)
    after = 1.0 + torch.arange(width, device=keys.device)
    keys_of_rows = torch.where(batch.padding, after, keys[batch.crystal])
    return batch.neighbours.gather(1, keys_of_rows.argsort(dim=1))


@dataclass(frozen=True, slots=True)
class Constituents:
    """The environment of every site, as the local scorer sees it.

    Attributes
    ----------
    features : torch.Tensor
        (N, J, 9) site inputs of the atoms.
    distances : torch.Tensor
        (N, J), Å.
    padding : torch.Tensor
        (N, J) bool.
    """

    features: Tensor
    distances: Tensor
    padding: Tensor

    def spread(self, of_sites: Tensor) -> Tensor:
        """Rows of the sites, for every pair."""
        return of_sites.unsqueeze(1)

    def mean(self, values: Tensor, exponent: float) -> Tensor:
        """Mean over the atoms, weighted by (d + 1)^-exponent, (N,)."""
        weight = (self.distances + 1) ** -exponent
        weight = weight.masked_fill(self.padding, 0.0)
        return (weight * values).sum(dim=1) / weight.sum(dim=1)

    def equals(self, positive: "Constituents") -> Tensor:
        """(N,) bool: whether no atom of a site differs from the positive's."""
        same = (self.features == positive.features).all(-1) & (self.distances == positive.distances)
        return (same | self.padding).all(dim=1)


def environments(
    batch: Batch, draws: Draws, options: InfoMaxOptions
) -> tuple[Constituents, list[Constituents]]:
    """Return the true and the false environments of the local objective.

    Parameters
    ----------
    batch, draws, options
        Crystals, randomness, variant.

    Returns
    -------
    positive : Constituents
    negatives : list of Constituents
        Fully false; and, of the engineered ones, wrong distances (own species) and wrong species
        (own distances).
    """
    features = batch.features[batch.neighbours]
    own = Constituents(features, batch.distances, batch.padding)
    false = Constituents(*(t[draws.donor] for t in (features, batch.distances, batch.padding)))
    species_padding = options.negative_padding == "mismatched"
    engineered = {
        "wrong_distances": Constituents(
            own.features, false.distances, own.padding if species_padding else false.padding
        ),
        "wrong_species": Constituents(
            false.features, own.distances, false.padding if species_padding else own.padding
        ),
    }
    return own, [false, *(engineered[n] for n in engineered if n in options.engineered_negatives)]


def false_crystals(batch: Batch, draws: Draws, options: InfoMaxOptions) -> list[Batch]:
    """Crystals with one thing wrong, to be encoded anew for the global objective.

    Returns
    -------
    list of Batch
        Of the engineered negatives: composition swapped (another crystal's species), structure
        swapped (another crystal's distances), permuted (own species at wrong distances).
    """
    donor = draws.donor
    changes: dict[str, dict[str, Tensor]] = {
        "composition_swapped": {
            "features": batch.features[donor],
            "atomic_numbers": batch.atomic_numbers[donor],
        },
        "structure_swapped": {
            "distances": batch.distances[donor],
            "padding": batch.padding[donor],
        },
        "permuted": {"neighbours": draws.permuted},
    }
    used = [changes[name] for name in changes if name in options.engineered_negatives]
    return [replace(batch, **change) for change in used]


def same_sites(false: Batch, true: Batch) -> Tensor:
    """(N,) bool: sites that the encoder cannot tell from the true crystal's."""
    atoms = (false.features[false.neighbours] == true.features[true.neighbours]).all(-1)
    pairs = (atoms & (false.distances == true.distances)) | false.padding
    own = (false.features == true.features).all(-1)
    return own & pairs.all(dim=1) & (false.padding == true.padding).all(dim=1)
