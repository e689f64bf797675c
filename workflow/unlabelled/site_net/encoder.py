"""The encoder of the DIM study, layer by layer: one attention block with one head, then pooling.

On a dense batch every pair of a site and a supercell atom is a row of a padded tensor. A ragged
batch of site classes gives the same numbers, up to rounding, from fewer rows. Sizes are those of
the configuration that the authors' instructions prescribe (compact_dim_nocomp_klnorm). Modules, not
formulas, are the vocabulary here; the formulas are in the docstrings.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from unlabelled.point_set.batch import Batch
from unlabelled.point_set.features import N_FEATURES
from unlabelled.point_set.ragged import RaggedBatch

Activation = Literal["relu", "mish"]

LOCAL_WIDTH = 32
GLOBAL_WIDTH = 64
_POOLED_WIDTH = 128
_SITE = 64
_INTERACTION = 64
_PAIR = 2 * _SITE + _INTERACTION

#: Width of everything that :meth:`SiteNet.readouts` returns.
READOUTS = {"embedding": GLOBAL_WIDTH, "pooled": _POOLED_WIDTH, "sites": 2 * LOCAL_WIDTH}


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

    def forward(self, batch: Batch | RaggedBatch) -> Tensor:
        """Attended environment of every site, or class of sites.

        Parameters
        ----------
        batch
            N sites with J atoms each, or N classes.

        Returns
        -------
        torch.Tensor
            h, (N, 64); :meth:`represent` turns it into the local representation.
        """
        # The first layers of attention and value see [x'_i, x'_j, e_ij]: their matrices are cut in
        # three, and the first two parts applied once per site instead of once per pair.
        attention, attention_rest = _opened(self.attention[0])
        value, value_rest = _opened(self.value[0])
        matrix = torch.cat([attention.weight, value.weight])
        own, seen, between = torch.split(matrix, [_SITE, _SITE, _INTERACTION], dim=1)
        site = self.site(batch.features)
        looking = linear(site, own, torch.cat([attention.bias, value.bias]))
        pairs = linear(self.interaction(batch.distances.unsqueeze(-1)), between)
        if isinstance(batch, Batch):
            pairs = looking.unsqueeze(1) + linear(site, seen)[batch.neighbours] + pairs
        else:
            pairs = looking[batch.pair_i] + linear(site, seen)[batch.pair_j] + pairs
        for_attention, for_value = pairs.chunk(2, dim=-1)
        logits = self.attention[1](_through(attention_rest, for_attention)).squeeze(-1)
        values = self.value[1](_through(value_rest, for_value))
        h: Tensor
        if isinstance(batch, Batch):
            weights = logits.masked_fill(batch.padding, -torch.inf).softmax(dim=1)
            h = (weights.unsqueeze(-1) * values).sum(dim=1)
        else:
            logits = logits + batch.pair_multiplicity.log()
            weights = _softmax(logits, batch.pair_i, len(site)).unsqueeze(-1)
            h = values.new_zeros(len(site), values.shape[1])
            h = h.index_add(0, batch.pair_i, weights * values)
        return h

    def represent(self, batch: Batch | RaggedBatch) -> Tensor:
        """Local representation μ of every site, (N, 32)."""
        local: Tensor = self.bottleneck(self(batch))
        return local


class GlobalEncoder(nn.Module):
    """Crystals from their sites: blocks before pooling, mean over sites, block after, all mish."""

    def __init__(self) -> None:
        super().__init__()
        self.before_pooling = nn.Sequential(
            block(LOCAL_WIDTH, 64, "mish"), block(64, _POOLED_WIDTH, "mish")
        )
        self.after_pooling = block(_POOLED_WIDTH, 64, "mish")
        # No activation or norm: a normal prior is the target of the KL term.
        self.bottleneck = nn.Linear(64, GLOBAL_WIDTH)

    def forward(self, local: Tensor, batch: Batch | RaggedBatch) -> Tensor:
        """Pooled crystal before the bottleneck, (C, 64), from local representations (N, 32)."""
        pooled = crystal_mean(self.before_pooling(local), batch)
        crystal: Tensor = self.after_pooling(pooled)
        return crystal

    def represent(self, local: Tensor, batch: Batch | RaggedBatch) -> Tensor:
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

    def readouts(self, batch: Batch | RaggedBatch) -> dict[str, Tensor]:
        """Read everything there is, (C, width) by name in :data:`READOUTS`.

        ``embedding``: m; ``pooled``: mean over the sites before the layers that follow pooling;
        ``sites``: mean and standard deviation over the sites of the local representation μ. The
        last two keep what m has no room for.
        """
        local = self.local.represent(batch)
        mean = crystal_mean(local, batch)
        variance = crystal_mean((local - mean[batch.crystal]) ** 2, batch)
        return {
            "embedding": self.pooled.represent(local, batch),
            "pooled": crystal_mean(self.pooled.before_pooling(local), batch),
            "sites": torch.cat([mean, variance.sqrt()], dim=1),
        }

    def forward(self, batch: Batch | RaggedBatch) -> Tensor:
        """Embedding of every crystal, (C, 64): the means, without sampling."""
        return self.pooled.represent(self.local.represent(batch), batch)


def crystal_mean(sites: Tensor, batch: Batch | RaggedBatch) -> Tensor:
    """Mean over the sites of every crystal.

    Parameters
    ----------
    sites
        One row (or number) per site, or class of sites, (N, ...).
    batch
        Says which site belongs to which crystal.

    Returns
    -------
    torch.Tensor
        (C, ...).
    """
    trailing = [1] * (sites.dim() - 1)
    if isinstance(batch, RaggedBatch):
        sites = sites * batch.multiplicity.view(-1, *trailing)
    totals = sites.new_zeros(batch.n_crystals, *sites.shape[1:])
    return totals.index_add(0, batch.crystal, sites) / batch.n_sites.view(-1, *trailing)


def _opened(layers: nn.Module) -> tuple[nn.Linear, list[nn.Module]]:
    """First layer of a block, and what follows it."""
    first, *rest = layers.children()
    assert isinstance(first, nn.Linear)
    return first, rest


def _through(layers: Iterable[nn.Module], x: Tensor) -> Tensor:
    for layer in layers:
        x = layer(x)
    return x


def _softmax(logits: Tensor, group: Tensor, n_groups: int) -> Tensor:
    """Softmax over the entries of every group."""
    # The maximum only keeps the exponentials finite: no gradient passes through it.
    largest = logits.new_full((n_groups,), -torch.inf)
    largest = largest.scatter_reduce(0, group, logits.detach(), "amax")
    exponentials = (logits - largest[group]).exp()
    totals = logits.new_zeros(n_groups).index_add(0, group, exponentials)
    return exponentials / totals[group]
