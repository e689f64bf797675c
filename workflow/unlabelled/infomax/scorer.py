"""The local scorer, folded: sites against what they see, without a vector for every pair."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import softplus

from unlabelled.site_net import kernels
from unlabelled.site_net.fused import Activation, Environments, activated, array, is_compiled


def environment_loss(
    anchor: Tensor,
    constant: Tensor,
    table: Tensor,
    direction: Tensor,
    distances: Tensor,
    environments: Environments,
    *,
    exponent: float,
    sign: int,
    activation: Activation,
) -> Tensor:
    """Loss of every row: mean over its atoms of softplus(± score), weighted by (d + 1)^-exponent.

    The score of row r and an atom of species j at distance d is
    anchor_r · φ(table_j + d · direction) + constant_r: the dot product of two projections, with the
    last layer of the atom's moved to the row's side.

    Parameters
    ----------
    anchor, constant
        (R, 64) and (R,).
    table, direction
        First layer of the atom's projection: (Z, 64) by atomic number, and (64,).
    distances
        (L,), Å.
    environments
        Rows and pairs.
    exponent
        Of the weight.
    sign
        -1 for true environments, 1 for false ones.
    activation
        φ.

    Returns
    -------
    torch.Tensor
        (R,), nats.
    """
    weight = (distances + 1) ** -exponent
    e = environments
    if is_compiled(anchor):
        of_atoms = table, direction, distances, weight
        pairs = e.start, e.species, e.level, e.multiplicity
        loss: Tensor = _EnvironmentLoss.apply(  # type: ignore[no-untyped-call]
            anchor, constant, *of_atoms, *pairs, activation == "relu", sign
        )
        return loss
    owner = e.owner()
    hidden = activated(table[e.species] + distances[e.level].unsqueeze(-1) * direction, activation)
    scores = (anchor[owner] * hidden).sum(dim=-1) + constant[owner]
    of_pairs = e.multiplicity * weight[e.level]
    totals = torch.stack([of_pairs * softplus(sign * scores), of_pairs])
    totals = totals.new_zeros(2, e.n_rows).index_add(1, owner, totals)
    return totals[0] / totals[1]


class _EnvironmentLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, anchor: Tensor, constant: Tensor, table: Tensor, direction: Tensor,
        distances: Tensor, weight: Tensor, start: Tensor, species: Tensor, level: Tensor,
        multiplicity: Tensor, is_relu: bool, sign: int,
    ) -> Tensor:  # fmt: skip
        scores, out = torch.empty_like(multiplicity), torch.empty_like(constant)
        of_pairs = [distances, weight, start, species, level, multiplicity]
        inputs = [array(t) for t in (anchor, constant, table, direction, *of_pairs)]
        kernels.scores_forward(*inputs, is_relu, sign, scores.numpy(), out.numpy())
        ctx.save_for_backward(anchor, table, direction, *of_pairs, scores)
        ctx.kind = is_relu, sign
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Any:
        *inputs, scores = ctx.saved_tensors
        anchor, table, direction, *_ = inputs
        found = [torch.zeros_like(t) for t in (anchor, gradient, table, direction)]
        kernels.scores_backward(
            *[array(t) for t in inputs], *ctx.kind, scores.numpy(), array(gradient),
            *[t.numpy() for t in found],
        )  # fmt: skip
        return *found, *[None] * 8
