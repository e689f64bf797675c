"""The encoder of the DIM study: one attention block with one head, then pooling.

The modules are those of the study and hold its parameters; what is computed with them is the same
up to rounding as in the literal form (:mod:`unlabelled.site_net.literal`), with less arithmetic:
matrices that act on concatenated vectors are cut into parts, each applied once for every site,
class of sites or distance instead of once for every pair, and the gain and bias of a layer norm
are folded into the linear map that follows. Sizes are those of the configuration that the authors'
instructions prescribe (compact_dim_nocomp_klnorm).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from unlabelled.point_set.features import N_FEATURES, element_table
from unlabelled.point_set.ragged import RaggedBatch
from unlabelled.site_net.fused import Activation, Environments, activated, attend, normalised
from unlabelled.site_net.kernels import WIDTH
from unlabelled.site_net.stack import Linear, affine, rescaled

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


class Activated(nn.Module):
    """Activation; mish is x·tanh(softplus x)."""

    def __init__(self, name: Activation) -> None:
        super().__init__()
        self.name = name

    def forward(self, x: Tensor) -> Tensor:
        """Activate every number."""
        return activated(x, self.name)


class Block(nn.Sequential):
    """Linear layer, activation, layer norm: in this order throughout the encoder."""

    def __init__(self, width_in: int, width_out: int, name: Activation) -> None:
        super().__init__(Linear(width_in, width_out), Activated(name), nn.LayerNorm(width_out))
        self.name = name

    @property
    def linear(self) -> Linear:
        """First layer."""
        layer = self[0]
        assert isinstance(layer, Linear)
        return layer

    @property
    def norm(self) -> nn.LayerNorm:
        """Last layer."""
        layer = self[2]
        assert isinstance(layer, nn.LayerNorm)
        return layer

    def forward(self, x: Tensor) -> Tensor:
        """Transform x, (n, width_in) to (n, width_out)."""
        return rescaled(self.normalised(x), self.norm.weight, self.norm.bias)

    def normalised(self, x: Tensor) -> Tensor:
        """Transform x, but for the gain and bias of the layer norm."""
        return normalised(self.linear(x), self.name)


@dataclass(frozen=True, slots=True)
class PairParts:
    """What the first layers of attention and value make of the parts of a pair.

    Attributes
    ----------
    looking, seen : torch.Tensor
        (100, 128), by atomic number: of the site that looks, with all biases, and of the atom seen.
        (B · 100, 128) in a stack of B models.
    between : torch.Tensor
        (L, 128), of the distance.
    """

    looking: Tensor
    seen: Tensor
    between: Tensor


class LocalEncoder(nn.Module):
    """Sites in their environment: one attention block.

    With x' = block(x) per site, e = block(d) per pair and z_ij = [x'_i, x'_j, e_ij]:
    α_ij = softmax_j(w·block(z_ij) + b), h_i = Σ_j α_ij block(block(z_ij)), μ_i = W h_i + b.

    Parameters
    ----------
    name
        Activation.
    """

    elements: Tensor

    def __init__(self, name: Activation) -> None:
        super().__init__()
        self.name = name
        self.site = Block(N_FEATURES, _SITE, name)
        self.interaction = Block(1, _INTERACTION, name)
        self.attention = nn.Sequential(Block(_PAIR, WIDTH, name), Linear(WIDTH, 1))
        self.value = nn.Sequential(Block(_PAIR, WIDTH, name), Block(WIDTH, WIDTH, name))
        self.bottleneck = Linear(WIDTH, LOCAL_WIDTH)
        # The site inputs are a function of the element.
        inputs = torch.from_numpy(np.nan_to_num(element_table())).float()
        self.register_buffer("elements", inputs, persistent=False)

    def parts(self, batch: RaggedBatch) -> PairParts:
        """Apply the first layers to every element and every distance of a batch."""
        attention, value = self._first(self.attention).linear, self._first(self.value).linear
        matrix = torch.cat([attention.weight, value.weight], dim=-2)
        own, seen, between = torch.split(matrix, [_SITE, _SITE, _INTERACTION], dim=-1)
        bias = torch.cat([attention.bias, value.bias], dim=-1)
        site, norm = self.site(self.elements), self.interaction.norm
        distance = self.interaction.normalised(batch.levels.unsqueeze(-1))
        return PairParts(
            affine(site, own, affine(norm.bias, between, bias)),
            affine(site, seen),
            affine(distance, between * norm.weight.unsqueeze(-2)),
        )

    def attend(self, parts: PairParts, environments: Environments) -> Tensor:
        """Attended environment h of every row, (R, 64)."""
        attention, value = self._first(self.attention).norm, self._first(self.value).norm
        to_logit, second = self.attention[1], self.value[1]
        assert isinstance(to_logit, Linear)
        assert isinstance(second, Block)
        h = attend(
            parts.looking.index_select(0, environments.centre),
            parts.seen,
            parts.between,
            (to_logit.weight * attention.weight.unsqueeze(-2)).view(-1, WIDTH),
            (second.linear.weight * value.weight.unsqueeze(-2)).view(-1, WIDTH, WIDTH),
            second.linear(value.bias).view(-1, WIDTH),
            environments,
            self.name,
        )
        # No softmax sees a constant; its gradient of zero keeps the weight decay of the biases.
        constant = to_logit(attention.bias)
        return rescaled(h, second.norm.weight, second.norm.bias + 0 * constant)

    def forward(self, batch: RaggedBatch) -> Tensor:
        """Attended environment of every site, or class of sites.

        Parameters
        ----------
        batch
            K sites, or classes.

        Returns
        -------
        torch.Tensor
            h, (K, 64); the bottleneck turns it into the local representation.
        """
        return self.attend(self.parts(batch), own_environments(batch))

    def represent(self, batch: RaggedBatch) -> Tensor:
        """Local representation μ of every site, (K, 32)."""
        local: Tensor = self.bottleneck(self(batch))
        return local

    @staticmethod
    def _first(layers: nn.Sequential) -> Block:
        first = layers[0]
        assert isinstance(first, Block)
        return first


def own_environments(batch: RaggedBatch) -> Environments:
    """Return what the sites, or classes of sites, of a batch really see."""
    return Environments(
        centre=batch.atomic_numbers,
        start=batch.first_pair,
        species=batch.atomic_numbers[batch.pair_j],
        level=batch.pair_level,
        multiplicity=batch.pair_multiplicity,
    )


class GlobalEncoder(nn.Module):
    """Crystals from their sites: blocks before pooling, mean over sites, block after, all mish."""

    def __init__(self) -> None:
        super().__init__()
        self.before_pooling = nn.Sequential(
            Block(LOCAL_WIDTH, 64, "mish"), Block(64, _POOLED_WIDTH, "mish")
        )
        self.after_pooling = Block(_POOLED_WIDTH, 64, "mish")
        # No activation or norm: a normal prior is the target of the KL term.
        self.bottleneck = Linear(64, GLOBAL_WIDTH)

    def forward(self, local: Tensor, batch: RaggedBatch) -> Tensor:
        """Pooled crystal before the bottleneck, (C, 64), from local representations (N, 32)."""
        pooled = crystal_mean(self.before_pooling(local), batch)
        crystal: Tensor = self.after_pooling(pooled)
        return crystal

    def represent(self, local: Tensor, batch: RaggedBatch) -> Tensor:
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

    def readouts(self, batch: RaggedBatch) -> dict[str, Tensor]:
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

    def forward(self, batch: RaggedBatch) -> Tensor:
        """Embedding of every crystal, (C, 64): the means, without sampling."""
        return self.pooled.represent(self.local.represent(batch), batch)


def crystal_mean(sites: Tensor, batch: RaggedBatch) -> Tensor:
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
    sites = sites * batch.multiplicity.view(-1, *trailing)
    totals = sites.new_zeros(batch.n_crystals, *sites.shape[1:])
    return totals.index_add(0, batch.crystal, sites) / batch.n_sites.view(-1, *trailing)
