"""Operations of the encoder on lists of pairs: compiled loops on a CPU, plain PyTorch elsewhere.

Both forms of an operation take the same arguments and agree up to rounding; the plain one is what
``torch.compile`` sees on a GPU.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import layer_norm, linear, mish, relu

from unlabelled.site_net import kernels

Activation = Literal["relu", "mish"]

_PAIRS_PER_BLOCK = 4096

_PLAIN = {"relu": relu, "mish": mish}


@dataclass(frozen=True, slots=True)
class Environments:
    """What R rows (sites, or classes of sites) see: M pairs, those of a row one after another.

    Attributes
    ----------
    centre : torch.Tensor
        (R,) int64, atomic number of every row.
    start : torch.Tensor
        (R + 1,) int64, first pair of every row; the last is M.
    species : torch.Tensor
        (M,) int64, atomic number of the atom seen.
    level : torch.Tensor
        (M,) int64, distance of the atom, as a row of the distances of the batch.
    multiplicity : torch.Tensor
        (M,) float, equal atoms merged into the pair.
    """

    centre: Tensor
    start: Tensor
    species: Tensor
    level: Tensor
    multiplicity: Tensor

    @property
    def n_rows(self) -> int:
        """Number of rows R."""
        return self.centre.shape[0]

    def owner(self) -> Tensor:
        """Row of every pair, (M,) int64."""
        rows = torch.arange(self.n_rows, device=self.start.device)
        return rows.repeat_interleave(self.start.diff(), output_size=self.species.shape[0])

    def of_models(self, pairs: Tensor, n_models: int) -> Sequence[Tensor]:
        """Cut numbers of all pairs, (M, ...), into those of every model of a stack."""
        if n_models == 1:  # nothing to wait for on a GPU
            return [pairs]
        return torch.split(pairs, self.start[:: self.n_rows // n_models].diff().tolist())


def joined(parts: Sequence[Environments]) -> Environments:
    """Put environments of the same batch behind one another."""
    offset, starts = 0, []
    for part in parts:
        starts.append(part.start[:-1] + offset)
        offset += part.species.shape[0]
    starts.append(parts[0].start.new_tensor([offset]))
    return Environments(
        torch.cat([part.centre for part in parts]),
        torch.cat(starts),
        torch.cat([part.species for part in parts]),
        torch.cat([part.level for part in parts]),
        torch.cat([part.multiplicity for part in parts]),
    )


def activated(x: Tensor, activation: Activation) -> Tensor:
    """Activate every number."""
    if is_compiled(x) and activation == "mish":
        out: Tensor = _Mish.apply(x)  # type: ignore[no-untyped-call]
        return out
    return _PLAIN[activation](x)


def normalised(z: Tensor, activation: Activation) -> Tensor:
    """Activate, and normalise every row, (n, width): a layer norm without gain and bias."""
    if is_compiled(z):
        out: Tensor = _Normalised.apply(z, activation == "relu")  # type: ignore[no-untyped-call]
        return out
    return layer_norm(_PLAIN[activation](z), z.shape[-1:])


def attend(
    looking: Tensor,
    seen: Tensor,
    between: Tensor,
    logit: Tensor,
    value: Tensor,
    bias: Tensor,
    environments: Environments,
    activation: Activation,
) -> Tensor:
    """Attention of every row over its pairs, after the first layers were split into parts.

    For the pair p of row r with an atom of species j at level u, z = looking_r + seen_j + between_u
    holds the inputs of the first activations of attention and value. With x̂ = :func:`normalised`:
    logit_p = x̂(z[:64]) · logit, v_p = x̂(value x̂(z[64:]) + bias), and the outcome is Σ_p α_p v_p
    with α the softmax of logit + log(multiplicity) over the pairs of the row.

    Parameters
    ----------
    looking
        (R, 128), of the centre of every row.
    seen
        (Z, 128), by species.
    between
        (L, 128), by level.
    logit, value, bias
        (B, 64), (B, 64, 64), (B, 64), of B models.
    environments
        Rows and pairs, those of one model after those of another; equally many rows of each.
    activation
        Activation.

    Returns
    -------
    torch.Tensor
        (R, 64).
    """
    if is_compiled(looking):
        e = environments
        pairs = e.start, e.species, e.level, e.multiplicity
        tables = looking, seen, between, logit, value, bias
        out: Tensor = _Attend.apply(*tables, *pairs, activation == "relu")  # type: ignore[no-untyped-call]
        return out
    owner = environments.owner()
    z = looking[owner] + seen[environments.species] + between[environments.level]
    for_logit, for_value = z.chunk(2, dim=-1)
    n_models = len(value)
    logit_inputs = environments.of_models(normalised(for_logit, activation), n_models)
    logits = torch.cat([x @ w for x, w in zip(logit_inputs, logit, strict=True)])
    value_inputs = environments.of_models(normalised(for_value, activation), n_models)
    maps = zip(value_inputs, value, bias, strict=True)
    values = normalised(torch.cat([linear(x, w, b) for x, w, b in maps]), activation)
    logits = logits + environments.multiplicity.log()
    shares = _softmax(logits, owner, environments.n_rows).unsqueeze(-1)
    weighted = shares * values  # under autocast of another type than the values
    pooled = weighted.new_zeros(environments.n_rows, weighted.shape[1])
    return pooled.index_add(0, owner, weighted)


def is_compiled(x: Tensor) -> bool:
    """Whether operations on x are done by compiled loops."""
    return x.device.type == "cpu" and x.dtype in (torch.float32, torch.float64)


def _softmax(logits: Tensor, group: Tensor, n_groups: int) -> Tensor:
    """Softmax over the entries of every group."""
    # The maximum only keeps the exponentials finite: no gradient passes through it.
    largest = logits.new_full((n_groups,), -torch.inf)
    largest = largest.scatter_reduce(0, group, logits.detach(), "amax")
    exponentials = (logits - largest[group]).exp()
    totals = logits.new_zeros(n_groups).index_add(0, group, exponentials)
    return exponentials / totals[group]


def array(tensor: Tensor) -> Any:
    """Array of the same memory, for a compiled loop."""
    return tensor.detach().contiguous().numpy()


class _Mish(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        out = torch.empty_like(x, memory_format=torch.contiguous_format)
        kernels.mish_forward(array(x).ravel(), out.numpy().ravel())
        ctx.save_for_backward(x)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        out = torch.empty_like(x, memory_format=torch.contiguous_format)
        kernels.mish_backward(array(x).ravel(), array(gradient).ravel(), out.numpy().ravel())
        return out


class _Normalised(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, z: Tensor, is_relu: bool) -> Tensor:
        out = torch.empty_like(z)
        kernels.normalised_forward(array(z), is_relu, out.numpy())
        ctx.save_for_backward(z)
        ctx.is_relu = is_relu
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Any:
        (z,) = ctx.saved_tensors
        out = torch.empty_like(z)
        kernels.normalised_backward(array(z), ctx.is_relu, array(gradient), out.numpy())
        return out, None


class _Attend(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, looking: Tensor, seen: Tensor, between: Tensor, logit: Tensor, value: Tensor,
        bias: Tensor, start: Tensor, species: Tensor, level: Tensor, multiplicity: Tensor,
        is_relu: bool,
    ) -> Tensor:  # fmt: skip
        keep = any(ctx.needs_input_grad)
        blocks = _blocks(start, len(value))
        longest = max((b.pairs.stop - b.pairs.start for b in blocks), default=0)
        n_kept = len(species) if keep else longest
        shares, logits = looking.new_empty(len(species)), looking.new_empty(longest)
        first = looking.new_empty(longest, kernels.WIDTH)
        second = looking.new_empty(n_kept, kernels.WIDTH)
        out = looking.new_empty(looking.shape[0], kernels.WIDTH)
        tables = array(seen), array(between)
        weights, matrices = array(logit), value.mT.contiguous()
        for block in blocks:
            rows, pairs, n = block.rows, block.pairs, block.pairs.stop - block.pairs.start
            z = second[pairs] if keep else second[:n]
            kernels.pairs_forward(
                array(looking[rows]), *tables, block.start, array(species[pairs]),
                array(level[pairs]), weights[block.model], is_relu, logits.numpy(), first.numpy(),
            )  # fmt: skip
            torch.addmm(bias[block.model], first[:n], matrices[block.model], out=z)
            kernels.pooled_forward(
                z.numpy(), logits.numpy(), array(multiplicity[pairs]), block.start, is_relu,
                shares[pairs].numpy(), out[rows].numpy(),
            )  # fmt: skip
        if keep:
            ctx.save_for_backward(
                looking, seen, between, species, level, logit, value, second, shares
            )
            ctx.blocks, ctx.is_relu = blocks, is_relu
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Any:
        looking, seen, between, species, level, logit, value, second, shares = ctx.saved_tensors
        longest = max((b.pairs.stop - b.pairs.start for b in ctx.blocks), default=0)
        first, g_first, g_second = looking.new_empty(3, longest, kernels.WIDTH)
        g_logits = looking.new_empty(longest)
        g_looking, g_seen, g_between, g_logit, g_value = (
            torch.zeros_like(t) for t in (looking, seen, between, logit, value)
        )
        g_bias = torch.zeros_like(logit)
        tables, weights = (array(seen), array(between)), array(logit)
        for block in ctx.blocks:
            rows, pairs, n = block.rows, block.pairs, block.pairs.stop - block.pairs.start
            kernels.pooled_backward(
                second[pairs].numpy(), shares[pairs].numpy(), block.start, ctx.is_relu,
                array(gradient[rows]), g_second.numpy(), g_logits.numpy(),
            )  # fmt: skip
            torch.mm(g_second[:n], value[block.model], out=g_first[:n])
            kernels.pairs_backward(
                array(looking[rows]), *tables, block.start, array(species[pairs]),
                array(level[pairs]), weights[block.model], ctx.is_relu, g_logits.numpy(),
                g_first.numpy(), first.numpy(), g_looking[rows].numpy(), g_seen.numpy(),
                g_between.numpy(), g_logit[block.model].numpy(),
            )  # fmt: skip
            of_model = g_value[block.model]
            torch.addmm(of_model, g_second[:n].T, first[:n], out=of_model)
            g_bias[block.model] += g_second[:n].sum(dim=0)
        return g_looking, g_seen, g_between, g_logit, g_value, g_bias, *[None] * 5


@dataclass(frozen=True, slots=True)
class _Block:
    """Some rows of a model and their pairs, few enough for all they need to stay in the cache."""

    model: int
    rows: slice
    pairs: slice
    start: Any  # array of the rows' first pairs, counted within the block


def _blocks(start: Tensor, n_models: int) -> list[_Block]:
    first = array(start)
    n_rows = (len(first) - 1) // n_models
    blocks = []
    for model in range(n_models):
        own = first[model * n_rows : (model + 1) * n_rows + 1]
        steps = np.arange(own[0], own[-1], _PAIRS_PER_BLOCK)
        cuts = np.unique(np.append(np.searchsorted(own, steps), n_rows)) + model * n_rows
        blocks += [
            _Block(model, slice(a, b), slice(first[a], first[b]), first[a : b + 1] - first[a])
            for a, b in itertools.pairwise(cuts.tolist())
        ]
    return blocks
