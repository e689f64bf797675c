"""The objective word for word: every scorer applied to every padded pair, and no algebra.

Same signatures as the methods of :class:`InfoMax`, on dense batches and with the false samples of
sites. It is what faster forms of the same objective are tested and timed against.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import softplus

from unlabelled.infomax.negatives import Draws
from unlabelled.infomax.objective import GlobalStage, InfoMax, LocalStage
from unlabelled.infomax.options import InfoMaxOptions
from unlabelled.point_set.batch import Batch
from unlabelled.site_net import literal as site_net
from unlabelled.site_net.literal import through


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
        "permuted": {"neighbours": batch.neighbours.gather(1, draws.order[batch.crystal])},
    }
    used = [changes[name] for name in changes if name in options.engineered_negatives]
    return [replace(batch, **change) for change in used]


def same_sites(false: Batch, true: Batch) -> Tensor:
    """(N,) bool: sites that the encoder cannot tell from the true crystal's."""
    atoms = (false.features[false.neighbours] == true.features[true.neighbours]).all(-1)
    pairs = (atoms & (false.distances == true.distances)) | false.padding
    own = (false.features == true.features).all(-1)
    return own & pairs.all(dim=1) & (false.padding == true.padding).all(dim=1)


def local_stage(model: InfoMax, batch: Batch, draws: Draws) -> LocalStage:
    """Sites against the atoms of their environment.

    With q_ij = [x_j, d_ij] and T_ij = <A(μ_i), B(q_ij)>, the loss of a site is
    Σ_j ω_ij softplus(−T⁺_ij) plus the mean over the negatives of Σ_j ω_ij softplus(T⁻_ij), with
    ω_ij = (d_ij + 1)^−e normalised over j; mean over the sites of a crystal, then over crystals.
    """
    attended = site_net.local(model.encoder.local, batch)
    mean = model.encoder.local.bottleneck(attended)
    log_variance = model.local_log_variance(attended)
    site = through(model.site_projection, _sampled(mean, log_variance, draws.local_noise))
    positive, negatives = environments(batch, draws, model.options)
    true = _environment_loss(model, site, positive, sign=-1)
    false = [_environment_loss(model, site, negative, sign=1) for negative in negatives]
    identical = [negative.equals(positive) for negative in negatives]
    loss = _contrast(true, false, identical, batch, model.options)
    return LocalStage(mean, loss, _divergence(mean, log_variance, model.options))


def encode_negatives(
    model: InfoMax, batch: Batch, draws: Draws
) -> tuple[list[Tensor], list[Tensor]]:
    """Local representations of false crystals, and which of their sites are not false.

    Returns
    -------
    representations : list of torch.Tensor
        (N, 32) each, without gradient; empty without engineered negatives.
    identical : list of torch.Tensor
        (N,) bool each.
    """
    crystals = false_crystals(batch, draws, model.options)
    with torch.no_grad():
        representations = [site_net.represent(model.encoder.local, c) for c in crystals]
    return representations, [same_sites(crystal, batch) for crystal in crystals]


def global_stage(
    model: InfoMax,
    local: Tensor,
    negatives: tuple[Sequence[Tensor], Sequence[Tensor]],
    batch: Batch,
    draws: Draws,
) -> GlobalStage:
    """Crystals against their sites: T(c, i) = <C(m_c), D(μ_i)>, the loss as in the local stage.

    Parameters
    ----------
    model
        Encoder and scorers.
    local
        μ of the true crystals, (N, 32); no gradient flows back to it.
    negatives
        From :func:`encode_negatives`.
    batch, draws
        Crystals and randomness.
    """
    local = local.detach()
    pooled = site_net.pooled(model.encoder.pooled, local, batch)
    mean = model.encoder.pooled.bottleneck(pooled)
    log_variance = model.global_log_variance(pooled)
    crystal = through(model.crystal_projection, _sampled(mean, log_variance, draws.global_noise))
    owner, other = batch.crystal, batch.crystal[draws.donor]
    pairs = [(owner, local), (other, local), *((owner, false) for false in negatives[0])]
    true, *false = (
        (crystal[c] * through(model.member_projection, site)).sum(dim=-1) for c, site in pairs
    )
    loss = _contrast(
        softplus(-true),
        [softplus(score) for score in false],
        [other == owner, *negatives[1]],
        batch,
        model.options,
    )
    return GlobalStage(mean, loss, _divergence(mean, log_variance, model.options))


def _sampled(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    return mean + noise * (log_variance / 2).exp()


def _environment_loss(model: InfoMax, site: Tensor, environment: Constituents, sign: int) -> Tensor:
    """Mean over the atoms of softplus(sign · T), weighted by (d + 1)^−e, (N,)."""
    constituents = torch.cat([environment.features, environment.distances.unsqueeze(-1)], dim=-1)
    scores = (site.unsqueeze(1) * through(model.constituent_projection, constituents)).sum(dim=-1)
    weights = (environment.distances + 1) ** -model.options.distance_exponent
    weights = weights.masked_fill(environment.padding, 0.0)
    return (weights * softplus(sign * scores)).sum(dim=1) / weights.sum(dim=1)


def _contrast(
    true: Tensor,
    false: Sequence[Tensor],
    identical: Sequence[Tensor],
    batch: Batch,
    options: InfoMaxOptions,
) -> Tensor:
    """Loss of the true pairs plus mean over the negatives: of sites, crystals, then batch.

    Masked negatives do not count, nor sites all of whose negatives are masked, nor crystals all of
    whose sites are left out.
    """
    counted = ~torch.stack(list(identical))
    if options.identical_negatives == "kept":
        counted = torch.ones_like(counted)
    n_counted = counted.sum(dim=0)
    losses = true + (torch.stack(list(false)) * counted).sum(dim=0) / n_counted.clamp(min=1)
    sizes = batch.n_sites.tolist()
    of_crystals = [
        loss[n > 0].mean()
        for loss, n in zip(torch.split(losses, sizes), torch.split(n_counted, sizes), strict=True)
        if n.any()
    ]
    return torch.stack(of_crystals).mean() if of_crystals else 0 * losses.sum()


def _divergence(mean: Tensor, log_variance: Tensor, options: InfoMaxOptions) -> Tensor:
    """KL divergence from a standard normal, mean over all elements."""
    if options.kl_form == "authors":
        return (mean**2 / 2 + log_variance.exp() - log_variance).mean()
    return ((mean**2 + log_variance.exp() - log_variance - 1) / 2).mean()
