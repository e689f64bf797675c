"""Networks over sets of elements, many of them as one.

All parameters have a leading axis, one row per member of an ensemble, and members meet nowhere: an
operation on all of them costs little more than on one, and each comes out as if it had been alone.

``published``
    The study's network: attention among all slots, also the empty ones, then all slots one after
    another, so the outcome depends on the order of the elements. Elements are frozen vectors.
``corrected``
    Attention among the elements that are there, and pooling: no order, no empty slots. Vectors are
    trained on from given ones. One network has both heads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from unlabelled.phase_field.fields import PADDING

Head = Literal["classifier", "regressor"]

# Keras' defaults, and what the released code sets.
_MOMENTUM, _EPSILON = 0.99, 1e-3
_HEADS, _KEY_WIDTH = 8, 2
_HIDDEN = 500
_L1, _L2 = 0.01, 0.001
_PARTS = 4  # into which fields are cut, so that small ones have few empty slots


class Linear(nn.Module):
    """A linear layer of every member.

    Parameters
    ----------
    members
        Number of members M.
    width_in, width_out
        Of a row.
    """

    def __init__(self, members: int, width_in: int, width_out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(members, width_in, width_out))
        self.bias = nn.Parameter(torch.zeros(members, 1, width_out))

    def draw(self, random: Sequence[torch.Generator], limit: float | None = None) -> None:
        """Draw weights uniformly, by default after Glorot and Bengio, one generator per member."""
        if limit is None:
            limit = float(np.sqrt(6 / sum(self.weight.shape[1:])))
        with torch.no_grad():
            for weight, generator in zip(self.weight, random, strict=True):
                weight.uniform_(-limit, limit, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """Transform rows, (M, rows, width_in) to (M, rows, width_out)."""
        return torch.baddbmm(self.bias, x, self.weight)


class BatchNorm(nn.Module):
    """Batch normalisation of every member, as Keras does it.

    Parameters
    ----------
    members
        Number of members M.
    width
        Of a row.
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, members: int, width: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(members, 1, width))
        self.bias = nn.Parameter(torch.zeros(members, 1, width))
        self.register_buffer("mean", torch.zeros(members, 1, width))
        self.register_buffer("variance", torch.ones(members, 1, width))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise rows (M, rows, width), by their own moments or the running ones."""
        mean, variance = self.mean, self.variance
        if self.training:
            variance, mean = torch.var_mean(x, dim=1, keepdim=True, correction=0)
            with torch.no_grad():
                self.mean.lerp_(mean, 1 - _MOMENTUM)
                self.variance.lerp_(variance, 1 - _MOMENTUM)
        scale = self.gain * torch.rsqrt(variance + _EPSILON)
        return torch.addcmul(self.bias - mean * scale, x, scale)


class Dropout(nn.Module):
    """Dropout whose draws of one member do not depend on the others."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.random: list[torch.Generator] = []

    def forward(self, x: Tensor) -> Tensor:
        """Drop numbers of rows (M, rows, width) in training."""
        if not self.training or not self.rate:
            return x
        kept = torch.empty_like(x)
        for mask, generator in zip(kept, self.random, strict=True):
            mask.bernoulli_(1 - self.rate, generator=generator)
        return x * kept / (1 - self.rate)


class _Penalty(torch.autograd.Function):
    """Penalty of kernels (M, ...), (M,), in few passes, since steps of few fields wait for it."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor) -> Tensor:
        ctx.save_for_backward(weight)
        rows = weight.flatten(1)
        sums, lengths = (torch.linalg.vector_norm(rows, order, dim=1) for order in (1, 2))
        penalty: Tensor = _L1 * sums + _L2 * lengths**2
        return penalty

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (weight,) = ctx.saved_tensors
        of_weight: Tensor = weight.sign().mul_(_L1).add_(weight, alpha=2 * _L2)
        return of_weight.mul_(gradient.view(-1, *[1] * (weight.ndim - 1)))


class Published(nn.Module):
    """The study's network (AtomicModel in its code): attention, flattening, one layer.

    Parameters
    ----------
    vectors
        (M, 87, k) frozen vectors of the elements.
    slots
        Places for elements.
    head
        ``classifier``: two logits; ``regressor``: one value.
    seeds
        One per member, of weights and of dropout.
    """

    vectors: Tensor

    def __init__(
        self, vectors: npt.NDArray[np.float32], slots: int, head: Head, seeds: Sequence[int]
    ) -> None:
        super().__init__()
        members, _, k = vectors.shape
        # an empty slot is a row of zeros, which takes part in the attention all the same
        self.register_buffer("vectors", functional.pad(torch.from_numpy(vectors), (0, 0, 0, 1)))
        width = _HEADS * _KEY_WIDTH
        self.query, self.key, self.value = (Linear(members, k, width) for _ in range(3))
        self.joined = Linear(members, width, k)
        self.before = BatchNorm(members, slots * k)
        self.hidden = Linear(members, slots * k, _HIDDEN)
        self.after = BatchNorm(members, _HIDDEN)
        self.dropout = Dropout(0.5 if head == "classifier" else 0.1)
        self.out = Linear(members, _HIDDEN, 2 if head == "classifier" else 1)
        random = [torch.Generator().manual_seed(seed) for seed in seeds]
        for layer in (self.query, self.key, self.value):
            layer.draw(random, np.sqrt(6 / (k * (_HEADS + _KEY_WIDTH))))
        self.joined.draw(random, np.sqrt(6 / (_HEADS * (_KEY_WIDTH + k))))
        self.hidden.draw(random)
        self.out.draw(random)
        self.dropout.random = random

    def forward(self, ids: Tensor) -> Tensor:
        """Return the outputs of fields, (M, n, slots) int64 to (M, n, 2 or 1)."""
        members, n, slots = ids.shape
        rows = ids.flatten(1)
        # per element, not per slot: every slot with the same element has the same vectors
        projected = [
            _rows(layer(self.vectors), rows).view(members * n, slots, _HEADS, _KEY_WIDTH)
            for layer in (self.query, self.key, self.value)
        ]
        query, key, value = (rows.transpose(1, 2) for rows in projected)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        joined = self.joined(mixed.transpose(1, 2).reshape(members, n * slots, -1))
        flat = self.before(joined.view(members, n, -1))
        hidden = self.after(functional.relu(self.hidden(flat)))
        outputs: Tensor = self.out(self.dropout(hidden))
        return outputs

    @property
    def members(self) -> int:
        """Number of members."""
        return len(self.out.weight)

    def penalty(self) -> Tensor:
        """Return the penalty of every member's kernel, (M,)."""
        found: Tensor = _Penalty.apply(self.hidden.weight)  # type: ignore[no-untyped-call]
        return found


@dataclass(frozen=True, slots=True)
class CorrectedOptions:
    """What a corrected network is.

    Attributes
    ----------
    width
        Of an element and of the hidden layer.
    heads
        Of the attention.
    dropout
        Share of the pooled numbers that are dropped in training.
    """

    width: int = 64
    heads: int = 4
    dropout: float = 0.1


class Corrected(nn.Module):
    """A network of sets: masked attention, then mean, largest and smallest of the elements.

    Parameters
    ----------
    vectors
        (87, k) vectors of the elements to start from; each member trains its own on.
    options
        Its size.
    seeds
        One per member, of weights and of dropout.
    """

    def __init__(
        self, vectors: npt.NDArray[np.float32], options: CorrectedOptions, seeds: Sequence[int]
    ) -> None:
        super().__init__()
        members, width = len(seeds), options.width
        self.options = options
        self.vectors = nn.Parameter(torch.from_numpy(vectors).repeat(members, 1, 1))
        self.lifted = Linear(members, vectors.shape[1], width)
        self.query, self.key, self.value = (Linear(members, width, width) for _ in range(3))
        self.joined = Linear(members, width, width)
        self.each = Linear(members, width, width)
        self.hidden = Linear(members, 3 * width + 1, width)
        self.dropout = Dropout(options.dropout)
        self.out = Linear(members, width, 2)
        random = [torch.Generator().manual_seed(seed) for seed in seeds]
        for layer in self.children():
            if isinstance(layer, Linear):
                layer.draw(random)
        self.dropout.random = random

    def forward(self, ids: Tensor) -> Tensor:
        """Return logit and value of fields, (M, n, slots) int64 to (M, n, 2).

        Faster if fields stand in the order of their size.
        """
        # what concerns one element alone is computed once for each of the 87
        lifted = functional.silu(self.lifted(self.vectors))
        tables = [lifted, *(layer(lifted) for layer in (self.query, self.key, self.value))]
        pooled = [
            self._pool(part, tables) for part in ids.tensor_split(_PARTS, dim=1) if part.numel()
        ]
        hidden = functional.silu(self.hidden(torch.cat(pooled, dim=1)))
        outputs: Tensor = self.out(self.dropout(hidden))
        return outputs

    def _pool(self, ids: Tensor, tables: Sequence[Tensor]) -> Tensor:
        """Represent fields as sets, (M, n, 3 width + 1).

        Parameters
        ----------
        ids
            (M, n, slots).
        tables
            Representation, query, key and value of the elements, (M, 87, width) each.
        """
        present = ids != PADDING
        slots = 1 + int(present.any(1).any(0).nonzero().max())  # the rest is empty
        ids, present = ids[..., :slots], present[..., :slots]
        members, n = ids.shape[:2]
        rows = ids.flatten(1).clamp(max=PADDING - 1)
        alone, query, key, value = (_rows(table, rows) for table in tables)
        query, key, value = (
            of_slots.view(members * n, slots, self.options.heads, -1).transpose(1, 2)
            for of_slots in (query, key, value)
        )
        mask = present.reshape(members * n, 1, 1, slots)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        mixed = mixed.transpose(1, 2).reshape(members, n * slots, -1)
        elements = alone + self.joined(mixed)
        elements = elements + functional.silu(self.each(elements))
        elements = elements.view(members, n, slots, -1)
        absent = ~present.unsqueeze(-1)
        count = present.sum(2, keepdim=True).to(elements.dtype)
        return torch.cat(
            [
                elements.masked_fill(absent, 0).sum(2) / count,
                elements.masked_fill(absent, -torch.inf).amax(2),
                elements.masked_fill(absent, torch.inf).amin(2),
                torch.log(count),
            ],
            dim=2,
        )

    def attention(self, ids: Tensor) -> Tensor:
        """Return how much elements attend to each other, mean over heads.

        Parameters
        ----------
        ids
            (M, n, slots).

        Returns
        -------
        torch.Tensor
            (M, n, slots, slots), rows of elements that are there sum to 1 over those that are.
        """
        members, n, slots = ids.shape
        rows = ids.flatten(1).clamp(max=PADDING - 1)
        lifted = functional.silu(self.lifted(self.vectors))
        query, key = (
            _rows(layer(lifted), rows).view(members, n, slots, self.options.heads, -1)
            for layer in (self.query, self.key)
        )
        logits = torch.einsum("mnihd,mnjhd->mnhij", query, key) / query.shape[-1] ** 0.5
        absent = (ids == PADDING)[:, :, None, None]
        weights: Tensor = logits.masked_fill(absent, -torch.inf).softmax(dim=-1).mean(dim=2)
        return weights

    @property
    def members(self) -> int:
        """Number of members."""
        return len(self.out.weight)

    def penalty(self) -> Tensor:
        """Return no penalty, (M,): the weights decay."""
        return self.out.weight.new_zeros(self.members)


def _rows(table: Tensor, rows: Tensor) -> Tensor:
    """Rows (M, r) of every member's table (M, n, width)."""
    return table.gather(1, rows.unsqueeze(-1).expand(-1, -1, table.shape[-1]))
