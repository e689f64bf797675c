"""False samples of one training step, whatever way they were drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from unlabelled.site_net.fused import Environments


@dataclass(frozen=True, slots=True)
class FalseSamples:
    """What the K sites, or classes of sites, of a batch are contrasted with.

    Attributes
    ----------
    donor : torch.Tensor
        (K,) int64: the row of, as a rule, another crystal that stands for row i.
    environments : sequence of Environments
        K rows each, for the local objective.
    crystals : sequence of Environments
        K rows each: crystals with one thing wrong, to be encoded for the global objective.
    identical, identical_crystals : sequence of torch.Tensor
        (K,) bool for each of these: rows whose inputs do not differ from the true ones.
    local_noise : torch.Tensor
        (K, 32) standard normal, or zero.
    global_noise : torch.Tensor
        (C, 64) standard normal, or zero.
    """

    donor: Tensor
    environments: Sequence[Environments]
    crystals: Sequence[Environments]
    identical: Sequence[Tensor]
    identical_crystals: Sequence[Tensor]
    local_noise: Tensor
    global_noise: Tensor


def all_of_rows(pairs: Tensor, owner: Tensor, n_rows: int) -> Tensor:
    """(R,) bool: rows all of whose pairs are true."""
    different = torch.zeros(n_rows, device=owner.device)
    return different.index_add(0, owner, (~pairs).float()) == 0
