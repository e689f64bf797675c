"""The encoder of the DIM study, layer by layer: one attention block with one head, then pooling.

This literal form is the reference: every pair of a site and a supercell atom is a row of a dense
tensor. Sizes are those of the configuration that the authors' instructions prescribe
(compact_dim_nocomp_klnorm). Modules, not formulas, are the vocabulary here; the formulas are in the
docstrings.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from unlabelled.point_set.batch import Batch
from unlabelled.point_set.features import N_FEATURES

Activation = Literal["relu", "mish"]

LOCAL_WIDTH = 32
GLOBAL_WIDTH = 64
_SITE = 64
_INTERACTION = 64
_PAIR = 2 * _SITE + _INTERACTION


@dataclass(frozen=True, slots=True)
class EncoderOptions:
    """What the encoder variants differ in.

    Attributes
    ----------
    local_activation
        Activation of the local stage. The authors configure mish, but the key does not reach the
        module, which falls back to ReLU (fault D1).
    """

    local_activation: Activation = "mish"


def activation(name: Activation) -> nn.Module:
    """Return the activation module of that name; mish is x·tanh(softplus x)."""
    return {"relu": nn.ReLU, "mish": nn.Mish}[name]()


def block(width_in: int, width_out: int, name: Activation) -> nn.Sequential:
    """Linear layer, activation, layer norm: in this order throughout the encoder."""
    return nn.Sequential(nn.Linear(width_in, width_out), activation(name), nn.LayerNorm(width_out))


class LocalEncoder(nn.Module):
    """Sites in their environment: one attention block.

    With x' = block(x) per site, e = block(d) per pair and z_ij = [x'_i, x'_j, e_ij]:
    α_ij = softmax_j(w·block(z_ij) + b), h_i = Σ_j α_ij block(block(z_ij)), μ_i = W h_i + b.

    Parameters
    ----------
    name
        Activation.
    """

    def __init__(self, name: Activation) -> None:
        super().__init__()
        self.site = block(N_FEATURES, _SITE, name)
        self.interaction = block(1, _INTERACTION, name)
        self.attention = nn.Sequential(block(_PAIR, 64, name), nn.Linear(64, 1))
        self.value = nn.Sequential(block(_PAIR, 64, name), block(64, 64, name))
        self.bottleneck = nn.Linear(64, LOCAL_WIDTH)

    def forward(self, batch: Batch) -> Tensor:
        """Attended environment of every site.

        Parameters
        ----------
        batch
            N sites, J atoms.

        Returns
        -------
        torch.Tensor
            h, (N, 64); :meth:`represent` turns it into the local representation.
        """
        site = self.site(batch.features)
        interaction = self.interaction(batch.distances.unsqueeze(-1))
        own = site.unsqueeze(1).expand_as(interaction)
        pairs = torch.cat([own, site[batch.neighbours], interaction], dim=-1)
        logits = self.attention(pairs).squeeze(-1).masked_fill(batch.padding, -torch.inf)
        weights = logits.softmax(dim=1)
        h: Tensor = (weights.unsqueeze(-1) * self.value(pairs)).sum(dim=1)
        return h

    def represent(self, batch: Batch) -> Tensor:
        """Local representation μ of every site, (N, 32)."""
        local: Tensor = self.bottleneck(self(batch))
        return local


class GlobalEncoder(nn.Module):
    """Crystals from their sites: blocks before pooling, mean over sites, block after, all mish."""

    def __init__(self) -> None:
        super().__init__()
        self.before_pooling = nn.Sequential(block(LOCAL_WIDTH, 64, "mish"), block(64, 128, "mish"))
        self.after_pooling = block(128, 64, "mish")
        # No activation or norm: a normal prior is the target of the KL term.
        self.bottleneck = nn.Linear(64, GLOBAL_WIDTH)

    def forward(self, local: Tensor, batch: Batch) -> Tensor:
        """Pooled crystal before the bottleneck, (C, 64), from local representations (N, 32)."""
        pooled = crystal_mean(self.before_pooling(local), batch)
        crystal: Tensor = self.after_pooling(pooled)
        return crystal

    def represent(self, local: Tensor, batch: Batch) -> Tensor:
        """Global representation m of every crystal, (C, 64)."""
        representation: Tensor = self.bottleneck(self(local, batch))
        return representation


class SiteNet(nn.Module):
    """Local and global encoder: point sets -> 64-dimensional crystals.

    Parameters
    ----------
    options
        Variant of the encoder.
    """

    def __init__(self, options: EncoderOptions) -> None:
        super().__init__()
        self.options = options
        self.local = LocalEncoder(options.local_activation)
        self.pooled = GlobalEncoder()

    def forward(self, batch: Batch) -> Tensor:
        """Embedding of every crystal, (C, 64): the means, without sampling."""
        return self.pooled.represent(self.local.represent(batch), batch)


def crystal_mean(sites: Tensor, batch: Batch) -> Tensor:
    """Mean over the sites of every crystal.

    Parameters
    ----------
    sites
        One row (or number) per site, (N, ...).
    batch
        Says which site belongs to which crystal.

    Returns
    -------
    torch.Tensor
        (C, ...).
    """
    totals = sites.new_zeros(batch.n_crystals, *sites.shape[1:])
    totals = totals.index_add(0, batch.crystal, sites)
    return totals / batch.n_sites.view(-1, *[1] * (sites.dim() - 1))
