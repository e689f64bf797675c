"""Batches of site classes without padding: all pairs of all crystals in one list."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from unlabelled.point_set.features import element_table
from unlabelled.point_set.quotient import SiteClasses


@dataclass(frozen=True, slots=True)
class RaggedBatch:
    """Quotients of C crystals with K classes and M pairs in all.

    Attributes
    ----------
    atomic_numbers : torch.Tensor
        (K,) int64.
    features : torch.Tensor
        (K, 9) float32, scaled site inputs.
    multiplicity : torch.Tensor
        (K,) float32, primitive sites in every class.
    crystal : torch.Tensor
        (K,) int64, which crystal a class belongs to.
    pair_i, pair_j : torch.Tensor
        (M,) int64, class that looks (ascending) and class seen.
    distances : torch.Tensor
        (M,) float32, Å.
    pair_multiplicity : torch.Tensor
        (M,) float32, atoms merged into the pair.
    n_sites : torch.Tensor
        (C,) float32, primitive sites of every crystal.
    labels : torch.Tensor
        (C, T) float32, T properties, NaN where unknown.
    """

    atomic_numbers: Tensor
    features: Tensor
    multiplicity: Tensor
    crystal: Tensor
    pair_i: Tensor
    pair_j: Tensor
    distances: Tensor
    pair_multiplicity: Tensor
    n_sites: Tensor
    labels: Tensor

    @property
    def n_crystals(self) -> int:
        """Number of crystals C."""
        return self.n_sites.shape[0]

    def to(self, device: torch.device | str) -> "RaggedBatch":
        """Move every tensor to a device."""
        return RaggedBatch(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})

    def double(self) -> "RaggedBatch":
        """Return the batch with real-valued tensors in float64."""
        tensors = {f.name: getattr(self, f.name) for f in fields(self)}
        return RaggedBatch(
            **{k: t.double() if t.is_floating_point() else t for k, t in tensors.items()}
        )


def collate(crystals: Sequence[SiteClasses], labels: np.ndarray | None = None) -> RaggedBatch:
    """Put crystals into one batch.

    Parameters
    ----------
    crystals
        The crystals, C.
    labels
        (C, T), NaN where unknown; all unknown if left out.
    """
    known = np.full((len(crystals), 1), np.nan) if labels is None else labels
    n_classes = np.array([c.n_classes for c in crystals])
    first = np.cumsum(n_classes) - n_classes
    offset = np.repeat(first, [c.n_pairs for c in crystals])

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(c, name) for c in crystals])

    numbers, multiplicity = joined("atomic_numbers"), joined("multiplicity")
    return RaggedBatch(
        atomic_numbers=torch.from_numpy(numbers),
        features=torch.from_numpy(element_table()[numbers].astype(np.float32)),
        multiplicity=torch.from_numpy(multiplicity.astype(np.float32)),
        crystal=torch.from_numpy(np.repeat(np.arange(len(crystals)), n_classes)),
        pair_i=torch.from_numpy(joined("pair_i") + offset),
        pair_j=torch.from_numpy(joined("pair_j") + offset),
        distances=torch.from_numpy(joined("distances")),
        pair_multiplicity=torch.from_numpy(joined("pair_multiplicity").astype(np.float32)),
        n_sites=torch.from_numpy(np.add.reduceat(multiplicity, first).astype(np.float32)),
        labels=torch.from_numpy(known.astype(np.float32)),
    )
