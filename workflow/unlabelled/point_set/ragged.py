"""Batches without padding: all pairs of all crystals, of sites or of classes, in one list."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence

from unlabelled.point_set.features import element_table
from unlabelled.point_set.quotient import SiteClasses


@dataclass(frozen=True, slots=True)
class RaggedBatch:
    """C crystals with K sites, or classes of sites, M pairs and L distances in all.

    Attributes
    ----------
    atomic_numbers : torch.Tensor
        (K,) int64.
    multiplicity : torch.Tensor
        (K,) float32, primitive sites in every class.
    crystal : torch.Tensor
        (K,) int64, which crystal a class belongs to.
    first_pair : torch.Tensor
        (K + 1,) int64: the pairs of class i are ``first_pair[i]`` to ``first_pair[i + 1]``.
    pair_j : torch.Tensor
        (M,) int64, class seen.
    pair_level : torch.Tensor
        (M,) int64, distance, as a row of `levels`.
    pair_multiplicity : torch.Tensor
        (M,) float32, atoms merged into the pair.
    levels : torch.Tensor
        (L,) float32, Å: the distances that occur in every crystal, ascending from 0.
    first_level : torch.Tensor
        (C,) int64: where the levels of every crystal begin.
    n_sites : torch.Tensor
        (C,) float32, primitive sites of every crystal.
    labels : torch.Tensor
        (C, T) float32, T properties, NaN where unknown.
    """

    atomic_numbers: Tensor
    multiplicity: Tensor
    crystal: Tensor
    first_pair: Tensor
    pair_j: Tensor
    pair_level: Tensor
    pair_multiplicity: Tensor
    levels: Tensor
    first_level: Tensor
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
    n_classes, n_pairs, n_levels = (
        np.array([len(getattr(c, name)) for c in crystals])
        for name in ("atomic_numbers", "pair_level", "levels")
    )
    first_class, first_level = (np.cumsum(n) - n for n in (n_classes, n_levels))

    def joined(name: str, dtype: type) -> np.ndarray:
        return np.concatenate([getattr(c, name) for c in crystals], dtype=dtype, casting="unsafe")

    numbers, multiplicity = joined("atomic_numbers", np.int64), joined("multiplicity", np.float32)
    pair_i = joined("pair_i", np.int64) + np.repeat(first_class, n_pairs)
    return RaggedBatch(
        atomic_numbers=torch.from_numpy(numbers),
        multiplicity=torch.from_numpy(multiplicity),
        crystal=torch.from_numpy(np.repeat(np.arange(len(crystals)), n_classes)),
        first_pair=torch.from_numpy(np.searchsorted(pair_i, np.arange(len(numbers) + 1))),
        pair_j=torch.from_numpy(joined("pair_j", np.int64) + np.repeat(first_class, n_pairs)),
        pair_level=torch.from_numpy(
            joined("pair_level", np.int64) + np.repeat(first_level, n_pairs)
        ),
        pair_multiplicity=torch.from_numpy(joined("pair_multiplicity", np.float32)),
        levels=torch.from_numpy(joined("levels", np.float32)),
        first_level=torch.from_numpy(first_level),
        n_sites=torch.from_numpy(np.add.reduceat(multiplicity, first_class)),
        labels=torch.from_numpy(known.astype(np.float32)),
    )


def stack(batches: Sequence[RaggedBatch]) -> RaggedBatch:
    """Put the batches of the B models of a stack (:mod:`unlabelled.site_net.stack`) into one.

    Every model gets as many classes and levels as the largest: the others are filled up with
    classes of no site that see nothing, and levels of 0 Å that nobody sees.

    Parameters
    ----------
    batches
        One per model, with equally many crystals.

    Returns
    -------
    RaggedBatch
        B · C crystals, those of one model after those of another. `atomic_numbers` are rows of B
        tables of 100 elements below one another: atomic number + 100 · model.
    """
    numbers, multiplicity, crystal, levels = (
        pad_sequence([getattr(b, name) for b in batches], batch_first=True)
        for name in ("atomic_numbers", "multiplicity", "crystal", "levels")
    )
    n_pairs = pad_sequence([b.first_pair.diff() for b in batches], batch_first=True)
    model = torch.arange(len(batches)).unsqueeze(1)
    n_classes, n_levels = numbers.shape[1], levels.shape[1]

    def joined(name: str, shift: int = 0) -> Tensor:
        return torch.cat([getattr(b, name) + shift * i for i, b in enumerate(batches)])

    return RaggedBatch(
        atomic_numbers=(numbers + len(element_table()) * model).flatten(),
        multiplicity=multiplicity.flatten(),
        crystal=(crystal + batches[0].n_crystals * model).flatten(),
        first_pair=pad(n_pairs.flatten().cumsum(0), (1, 0)),
        pair_j=joined("pair_j", n_classes),
        pair_level=joined("pair_level", n_levels),
        pair_multiplicity=joined("pair_multiplicity"),
        levels=levels.flatten(),
        first_level=joined("first_level", n_levels),
        n_sites=joined("n_sites"),
        labels=joined("labels"),
    )
