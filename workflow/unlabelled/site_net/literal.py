"""The encoder word for word: every padded pair a row [x'_i, x'_j, e_ij], and no algebra.

It computes with the modules of a :class:`SiteNet` on the dense batch, so it is what faster forms of
the same encoder are tested and timed against.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import mish, relu

from unlabelled.point_set.batch import Batch
from unlabelled.site_net.encoder import Activated, GlobalEncoder, LocalEncoder, SiteNet

_ACTIVATIONS = {"relu": relu, "mish": mish}


def through(layers: nn.Module, x: Tensor) -> Tensor:
    """Apply layers one after another, each by PyTorch's own operation."""
    if isinstance(layers, Activated):
        return _ACTIVATIONS[layers.name](x)
    if isinstance(layers, nn.Sequential):
        for layer in layers:
            x = through(layer, x)
        return x
    out: Tensor = layers(x)
    return out


def local(encoder: LocalEncoder, batch: Batch) -> Tensor:
    """Attended environment of every site.

    With x' = block(x) per site, e = block(d) per pair and z_ij = [x'_i, x'_j, e_ij]:
    α_ij = softmax_j(w·block(z_ij) + b) and h_i = Σ_j α_ij block(block(z_ij)).

    Parameters
    ----------
    encoder
        Local stage.
    batch
        N sites with J atoms each.

    Returns
    -------
    torch.Tensor
        h, (N, 64).
    """
    site = through(encoder.site, batch.features)
    seen = site[batch.neighbours]
    looking = site.unsqueeze(1).expand_as(seen)
    between = through(encoder.interaction, batch.distances.unsqueeze(-1))
    pairs = torch.cat([looking, seen, between], dim=-1)
    logits = through(encoder.attention, pairs).squeeze(-1).masked_fill(batch.padding, -torch.inf)
    return (logits.softmax(dim=1).unsqueeze(-1) * through(encoder.value, pairs)).sum(dim=1)


def represent(encoder: LocalEncoder, batch: Batch) -> Tensor:
    """Local representation μ of every site, (N, 32)."""
    representation: Tensor = encoder.bottleneck(local(encoder, batch))
    return representation


def pooled(encoder: GlobalEncoder, representation: Tensor, batch: Batch) -> Tensor:
    """Pooled crystals before the bottleneck, (C, 64), from local representations (N, 32)."""
    mean = mean_of_sites(through(encoder.before_pooling, representation), batch)
    return through(encoder.after_pooling, mean)


def embed(encoder: SiteNet, batch: Batch) -> Tensor:
    """Global representation m of every crystal, (C, 64), without sampling."""
    crystals = pooled(encoder.pooled, represent(encoder.local, batch), batch)
    embedding: Tensor = encoder.pooled.bottleneck(crystals)
    return embedding


def mean_of_sites(sites: Tensor, batch: Batch) -> Tensor:
    """Mean over the sites of every crystal: (N, width) -> (C, width)."""
    of_crystals = torch.split(sites, batch.n_sites.tolist())
    return torch.stack([of_one.mean(dim=0) for of_one in of_crystals])
