"""The Deep InfoMax objective: local (sites) and global (crystals), in the literal form.

Both levels maximise the Jensen-Shannon lower bound of the mutual information between a
representation and the parts it was made from: softplus(−T) for true pairs and softplus(T) for false
ones, T the dot product of two small networks' outputs. Source: the authors' modules and Lightning
module (see the documentation of this project); the paper is doi:10.1039/D4DD00202D.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss, one_hot, softplus

from unlabelled.infomax import class_negatives
from unlabelled.infomax import negatives as site_negatives
from unlabelled.infomax.class_negatives import ClassConstituents, ClassDraws
from unlabelled.infomax.negatives import Constituents, Draws
from unlabelled.infomax.options import InfoMaxOptions
from unlabelled.point_set.batch import Batch
from unlabelled.point_set.features import N_FEATURES
from unlabelled.point_set.ragged import RaggedBatch
from unlabelled.site_net.encoder import (
    GLOBAL_WIDTH,
    LOCAL_WIDTH,
    Activation,
    EncoderOptions,
    SiteNet,
    activation,
    crystal_mean,
)

AnyBatch = Batch | RaggedBatch
AnyDraws = Draws | ClassDraws

_SCORE_WIDTH = 128
_N_ELEMENTS = 103


def sampling(batch: AnyBatch) -> Any:
    """Return the module that makes the false samples of a form of batch."""
    return site_negatives if isinstance(batch, Batch) else class_negatives


def _projection(width_in: int, name: Activation) -> nn.Sequential:
    """One side of a scorer: into the space where the dot product is taken."""
    return nn.Sequential(nn.Linear(width_in, 64), activation(name), nn.Linear(64, _SCORE_WIDTH))


def _probe(width_out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(GLOBAL_WIDTH, 256), nn.Mish(), nn.Linear(256, width_out))


@dataclass(frozen=True, slots=True)
class LocalStage:
    """Outcome of the local stage.

    Attributes
    ----------
    representation : torch.Tensor
        μ, (N, 32).
    dim, kl : torch.Tensor
        Losses, scalars, nats.
    """

    representation: Tensor
    dim: Tensor
    kl: Tensor


@dataclass(frozen=True, slots=True)
class GlobalStage:
    """Outcome of the global stage: m (C, 64) and the losses (scalars, nats)."""

    representation: Tensor
    dim: Tensor
    kl: Tensor


class InfoMax(nn.Module):
    """Encoder and everything that is only needed to train it.

    Parameters
    ----------
    options
        Variant.
    n_properties
        Properties that the probe predicts, T.
    """

    def __init__(self, options: InfoMaxOptions, n_properties: int = 1) -> None:
        super().__init__()
        self.options = options
        local = options.local_activation
        self.encoder = SiteNet(EncoderOptions(local_activation=local))
        self.local_log_variance = nn.Linear(64, LOCAL_WIDTH)
        self.site_projection = _projection(LOCAL_WIDTH, local)
        self.constituent_projection = _projection(N_FEATURES + 1, local)
        self.global_log_variance = nn.Linear(64, GLOBAL_WIDTH)
        self.crystal_projection = _projection(GLOBAL_WIDTH, "mish")
        self.member_projection = _projection(LOCAL_WIDTH, "mish")
        self.composition_decoder = _probe(_N_ELEMENTS) if options.composition_weight else None
        self.property_probe = (
            _probe(n_properties) if options.selection == "property_probe" else None
        )

    def local_stage(self, batch: AnyBatch, draws: AnyDraws) -> LocalStage:
        """Sites against the atoms of their environment.

        Loss of a site: Σ_j ω_ij softplus(−T⁺_ij) + mean over negatives of Σ_j ω_ij softplus(T⁻_ij),
        with ω_ij = (d_ij + 1)^−e normalised over j; mean over the sites of a crystal, then over
        crystals.
        """
        attended = self.encoder.local(batch)
        mean = self.encoder.local.bottleneck(attended)
        log_variance = self.local_log_variance(attended)
        anchor = self.site_projection(mean + draws.local_noise * (log_variance / 2).exp())
        positive, negatives = sampling(batch).environments(batch, draws, self.options)
        true = self._environment_loss(anchor, positive, sign=-1)
        false = [self._environment_loss(anchor, negative, sign=1) for negative in negatives]
        identical = [negative.equals(positive) for negative in negatives]
        loss = self._contrast(true, false, identical, batch)
        return LocalStage(mean, loss, self._divergence(mean, log_variance, batch))

    def encode_negatives(
        self, batch: AnyBatch, draws: AnyDraws
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Local representations of false crystals, and which of their sites are not false.

        Returns
        -------
        representations : list of torch.Tensor
            (N, 32) each, without gradient; empty without engineered negatives.
        identical : list of torch.Tensor
            (N,) bool each.
        """
        form = sampling(batch)
        crystals = form.false_crystals(batch, draws, self.options)
        with torch.no_grad():
            representations = [self.encoder.local.represent(crystal) for crystal in crystals]
        return representations, [form.same_sites(crystal, batch) for crystal in crystals]

    def global_stage(
        self,
        local: Tensor,
        negatives: tuple[Sequence[Tensor], Sequence[Tensor]],
        batch: AnyBatch,
        draws: AnyDraws,
    ) -> GlobalStage:
        """Crystals against their sites.

        Parameters
        ----------
        local
            μ of the true crystals, (N, 32); no gradient flows back to it.
        negatives
            From :meth:`encode_negatives`.
        batch, draws
            Crystals and randomness.
        """
        local = local.detach()
        pooled = self.encoder.pooled(local, batch)
        mean = self.encoder.pooled.bottleneck(pooled)
        log_variance = self.global_log_variance(pooled)
        anchor = self.crystal_projection(mean + draws.global_noise * (log_variance / 2).exp())
        own_anchor = anchor[batch.crystal]
        member = self.member_projection(local)
        true = softplus(-(own_anchor * member).sum(-1))
        other_crystal = batch.crystal[draws.donor]
        false = [softplus((anchor[other_crystal] * member).sum(-1))]
        identical = [other_crystal == batch.crystal]
        false += [softplus((own_anchor * self.member_projection(r)).sum(-1)) for r in negatives[0]]
        loss = self._contrast(true, false, [*identical, *negatives[1]], batch)
        return GlobalStage(mean, loss, self._divergence(mean, log_variance))

    def composition_loss(self, representation: Tensor, batch: AnyBatch) -> Tensor:
        """Total variation between decoded and true element fractions, mean over crystals.

        Parameters
        ----------
        representation
            m, (C, 64).
        batch
            Gives the true fractions.
        """
        assert self.composition_decoder is not None
        decoded = self.composition_decoder(representation).clamp(min=0)
        decoded = decoded / (decoded.sum(dim=1, keepdim=True) + 1e-5)
        elements = one_hot(batch.atomic_numbers - 1, _N_ELEMENTS).to(decoded.dtype)
        fractions = crystal_mean(elements, batch)
        return (1 - torch.minimum(decoded, fractions).sum(dim=1)).mean()

    def probe_loss(self, representation: Tensor, batch: AnyBatch) -> tuple[Tensor, Tensor]:
        """Squared and absolute error of the property probe on known labels.

        Parameters
        ----------
        representation
            m, (C, 64); detached, so that labels never reach the encoder.
        batch
            Gives the labels, (C, T); unknown ones are left out.

        Returns
        -------
        squared : torch.Tensor
            Mean squared error, scalar; 0 if the batch has no label.
        absolute : torch.Tensor
            Absolute error of every known label.
        """
        assert self.property_probe is not None
        known = ~batch.labels.isnan()
        predicted = self.property_probe(representation.detach())[known]
        true = batch.labels[known]
        squared = mse_loss(predicted, true) if known.any() else predicted.sum()
        return squared, (predicted - true).abs().detach()

    def _environment_loss(
        self, anchor: Tensor, environment: Constituents | ClassConstituents, sign: int
    ) -> Tensor:
        last = self.constituent_projection[-1]
        assert isinstance(last, nn.Linear)
        # ⟨anchor, last(hidden)⟩ with the last layer moved to the anchor's side: once per site
        folded, constant = anchor @ last.weight, anchor @ last.bias
        constituents = [environment.features, environment.distances.unsqueeze(-1)]
        hidden = self.constituent_projection[:-1](torch.cat(constituents, dim=-1))
        score = (environment.spread(folded) * hidden).sum(dim=-1) + environment.spread(constant)
        return environment.mean(softplus(sign * score), self.options.distance_exponent)

    def _contrast(
        self, true: Tensor, false: Sequence[Tensor], identical: Sequence[Tensor], batch: AnyBatch
    ) -> Tensor:
        """Loss of the true pairs plus mean over the negatives: of sites, crystals, then batch."""
        negatives = torch.stack(list(false))
        if self.options.identical_negatives == "kept":
            return crystal_mean(true + negatives.mean(dim=0), batch).mean()
        counted = (~torch.stack(list(identical))).to(negatives.dtype)
        n_counted = counted.sum(dim=0)
        # A site all of whose negatives are true would only be pulled towards them.
        informative = (n_counted > 0).to(negatives.dtype)
        loss = true + (negatives * counted).sum(dim=0) / n_counted.clamp(min=1)
        share = crystal_mean(informative, batch)
        of_crystals = crystal_mean(loss * informative, batch) / share.clamp(min=1e-9)
        return of_crystals.sum() / (share > 0).sum().clamp(min=1)

    def _divergence(
        self, mean: Tensor, log_variance: Tensor, sites: AnyBatch | None = None
    ) -> Tensor:
        """KL divergence from a standard normal, mean over all elements (and all `sites`)."""
        if self.options.kl_form == "authors":
            divergence = mean**2 / 2 + log_variance.exp() - log_variance
        else:
            divergence = (mean**2 + log_variance.exp() - log_variance - 1) / 2
        if isinstance(sites, RaggedBatch):
            return (divergence.mean(dim=1) * sites.multiplicity).sum() / sites.multiplicity.sum()
        return divergence.mean()
