"""The Deep InfoMax objective: local (sites) and global (crystals).

Both levels maximise the Jensen-Shannon lower bound of the mutual information between a
representation and the parts it was made from: softplus(−T) for true pairs and softplus(T) for false
ones, T the dot product of two small networks' outputs. Source: the authors' modules and Lightning
module (see the documentation of this project); the paper is doi:10.1039/D4DD00202D.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, mse_loss, one_hot, softplus

from unlabelled.infomax import class_negatives, negatives
from unlabelled.infomax.options import InfoMaxOptions
from unlabelled.infomax.samples import FalseSamples
from unlabelled.infomax.scorer import environment_loss
from unlabelled.point_set.features import N_FEATURES
from unlabelled.point_set.ragged import RaggedBatch
from unlabelled.site_net.encoder import (
    GLOBAL_WIDTH,
    LOCAL_WIDTH,
    Activated,
    EncoderOptions,
    SiteNet,
    crystal_mean,
    own_environments,
)
from unlabelled.site_net.fused import Activation, joined

_SCORE_WIDTH = 128
_N_ELEMENTS = 103


def false_samples(
    batch: RaggedBatch, options: InfoMaxOptions, generator: torch.Generator, *, noise: bool
) -> FalseSamples:
    """Draw the false samples of one step, by classes of sites or by sites as the variant has it.

    Parameters
    ----------
    batch
        Of classes, or of sites, on any device.
    options
        Variant.
    generator
        CPU generator: numbers are drawn there, so that they do not depend on the device.
    noise
        Whether representations are sampled.
    """
    if options.quotient:
        return class_negatives.false_samples(batch, options, generator, noise=noise)
    return negatives.false_samples(batch, options, generator, noise=noise)


def _projection(width_in: int, name: Activation) -> nn.Sequential:
    """One side of a scorer: into the space where the dot product is taken."""
    return nn.Sequential(nn.Linear(width_in, 64), Activated(name), nn.Linear(64, _SCORE_WIDTH))


def _probe(width_out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(GLOBAL_WIDTH, 256), Activated("mish"), nn.Linear(256, width_out))


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

    def local_stage(self, batch: RaggedBatch, samples: FalseSamples) -> LocalStage:
        """Sites against the atoms of their environment.

        Loss of a site: Σ_j ω_ij softplus(−T⁺_ij) + mean over negatives of Σ_j ω_ij softplus(T⁻_ij),
        with ω_ij = (d_ij + 1)^−e normalised over j; mean over the sites of a crystal, then over
        crystals.
        """
        local = self.encoder.local
        environments = own_environments(batch)
        attended = local.attend(local.parts(batch), environments)
        mean = local.bottleneck(attended)
        log_variance = self.local_log_variance(attended)
        anchor = self.site_projection(mean + samples.local_noise * (log_variance / 2).exp())
        score = self._environment_loss(anchor, batch)
        true = score(environments, sign=-1)
        false = [score(environment, sign=1) for environment in samples.environments]
        loss = self._contrast(true, false, samples.identical, batch)
        return LocalStage(mean, loss, self._divergence(mean, log_variance, batch))

    @torch.no_grad()
    def encode_negatives(self, batch: RaggedBatch, samples: FalseSamples) -> list[Tensor]:
        """Local representations of false crystals, all in one pass.

        Returns
        -------
        list of torch.Tensor
            (K, 32) each, without gradient; empty without engineered negatives.
        """
        if not samples.crystals:
            return []
        local = self.encoder.local
        attended = local.attend(local.parts(batch), joined(samples.crystals))
        return list(local.bottleneck(attended).split(len(batch.atomic_numbers)))

    def global_stage(
        self,
        local: Tensor,
        false_local: Sequence[Tensor],
        batch: RaggedBatch,
        samples: FalseSamples,
    ) -> GlobalStage:
        """Crystals against their sites.

        Parameters
        ----------
        local
            μ of the true crystals, (K, 32); no gradient flows back to it.
        false_local
            From :meth:`encode_negatives`.
        batch, samples
            Crystals, and what they are contrasted with.
        """
        local = local.detach()
        pooled = self.encoder.pooled(local, batch)
        mean = self.encoder.pooled.bottleneck(pooled)
        log_variance = self.global_log_variance(pooled)
        anchor = self.crystal_projection(mean + samples.global_noise * (log_variance / 2).exp())
        own_anchor = anchor.index_select(0, batch.crystal)
        member, *false_members = self.member_projection(torch.cat([local, *false_local])).split(
            len(local)
        )
        true = softplus(-(own_anchor * member).sum(-1))
        other_crystal = batch.crystal[samples.donor]
        false = [softplus((anchor.index_select(0, other_crystal) * member).sum(-1))]
        false += [softplus((own_anchor * other).sum(-1)) for other in false_members]
        identical = [other_crystal == batch.crystal, *samples.identical_crystals]
        loss = self._contrast(true, false, identical, batch)
        return GlobalStage(mean, loss, self._divergence(mean, log_variance))

    def composition_loss(self, representation: Tensor, batch: RaggedBatch) -> Tensor:
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

    def probe_loss(self, representation: Tensor, batch: RaggedBatch) -> tuple[Tensor, Tensor]:
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

    def _environment_loss(self, anchor: Tensor, batch: RaggedBatch) -> Callable[..., Tensor]:
        first, _, last = self.constituent_projection
        assert isinstance(first, nn.Linear)
        assert isinstance(last, nn.Linear)
        # ⟨anchor, last(hidden)⟩ with the last layer moved to the anchor's side: once per site;
        # the first layer acts on [species, distance]: the first part once per element
        of_species, of_distance = torch.split(first.weight, [N_FEATURES, 1], dim=1)
        return partial(
            environment_loss,
            anchor @ last.weight,
            anchor @ last.bias,
            linear(self.encoder.local.elements, of_species, first.bias),
            of_distance.squeeze(1),
            batch.levels,
            exponent=self.options.distance_exponent,
            activation=self.options.local_activation,
        )

    def _contrast(
        self, true: Tensor, false: Sequence[Tensor], identical: Sequence[Tensor], batch: RaggedBatch
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
        self, mean: Tensor, log_variance: Tensor, sites: RaggedBatch | None = None
    ) -> Tensor:
        """KL divergence from a standard normal, mean over all elements (and all `sites`)."""
        if self.options.kl_form == "authors":
            divergence = mean**2 / 2 + log_variance.exp() - log_variance
        else:
            divergence = (mean**2 + log_variance.exp() - log_variance - 1) / 2
        if sites is not None:
            return (divergence.mean(dim=1) * sites.multiplicity).sum() / sites.multiplicity.sum()
        return divergence.mean()
