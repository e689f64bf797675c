"""Batches in the literal layout: primitive sites of all crystals x padded supercell atoms."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from unlabelled.point_set.features import element_table
from unlabelled.point_set.point_set import PointSet


@dataclass(frozen=True, slots=True)
class Batch:
    """Point sets of C crystals with N primitive sites in all, padded to J supercell atoms.

    Attributes
    ----------
    atomic_numbers : torch.Tensor
        (N,) int64.
    features : torch.Tensor
        (N, 9) float32, scaled site inputs.
    distances : torch.Tensor
        (N, J) float32, Å; 0 in the padding.
    padding : torch.Tensor
        (N, J) bool, True where the crystal has no atom j.
    neighbours : torch.Tensor
        (N, J) int64, row of the site whose image atom j is. In the padding the sites of the crystal
        start over, so that the index is valid everywhere.
    crystal : torch.Tensor
        (N,) int64, which crystal a site belongs to.
    n_sites : torch.Tensor
        (C,) int64, primitive sites of every crystal.
    labels : torch.Tensor
        (C, T) float32, T properties, NaN where unknown.
    """

    atomic_numbers: Tensor
    features: Tensor
    distances: Tensor
    padding: Tensor
    neighbours: Tensor
    crystal: Tensor
    n_sites: Tensor
    labels: Tensor

    @property
    def n_crystals(self) -> int:
        """Number of crystals C."""
        return self.n_sites.shape[0]

    def to(self, device: torch.device | str | None = None, **kwargs: object) -> "Batch":
        """Move every tensor to a device."""
        moved = {f.name: getattr(self, f.name).to(device, **kwargs) for f in fields(self)}
        return Batch(**moved)

    def double(self) -> "Batch":
        """Return the batch with real-valued tensors in float64."""
        tensors = {f.name: getattr(self, f.name) for f in fields(self)}
        return Batch(**{k: t.double() if t.is_floating_point() else t for k, t in tensors.items()})


def collate(point_sets: Sequence[PointSet], labels: np.ndarray | None = None) -> Batch:
    """Put crystals into one batch.

    Parameters
    ----------
    point_sets
        The crystals.
    labels
        One number per crystal, NaN where unknown; all unknown if left out.

    Returns
    -------
    Batch
    """
    n_sites = np.array([p.n_sites for p in point_sets])
    first_row = np.concatenate([[0], np.cumsum(n_sites)])
    width = max(p.n_supercell for p in point_sets)
    distances = np.zeros((first_row[-1], width), np.float32)
    padding = np.ones((first_row[-1], width), bool)
    neighbours = np.empty((first_row[-1], width), np.int64)
    columns = np.arange(width)
    for first, p in zip(first_row, point_sets, strict=False):
        rows = slice(first, first + p.n_sites)
        distances[rows, : p.n_supercell] = p.distances
        padding[rows, : p.n_supercell] = False
        images = p.n_supercell // p.n_sites
        neighbours[rows] = first + (columns // images) % p.n_sites
    numbers = np.concatenate([p.atomic_numbers for p in point_sets])
    known = np.full((len(point_sets), 1), np.nan) if labels is None else labels
    return Batch(
        atomic_numbers=torch.from_numpy(numbers.astype(np.int64)),
        features=torch.from_numpy(element_table()[numbers].astype(np.float32)),
        distances=torch.from_numpy(distances),
        padding=torch.from_numpy(padding),
        neighbours=torch.from_numpy(neighbours),
        crystal=torch.from_numpy(np.repeat(np.arange(len(point_sets)), n_sites)),
        n_sites=torch.from_numpy(n_sites),
        labels=torch.from_numpy(known.astype(np.float32)),
    )


def pack(sizes: Sequence[int] | np.ndarray, order: Iterable[int], budget: int) -> list[list[int]]:
    """Cut an order of crystals into batches by size.

    Crystals are appended until the next one would exceed the budget (the study's dynamic batches,
    by number of primitive sites).

    Parameters
    ----------
    sizes
        Primitive sites, or pairs, of every crystal.
    order
        Indices of crystals.
    budget
        Largest total size of a batch; a larger crystal gets a batch of its own.

    Returns
    -------
    list of list of int
        Indices of the crystals of every batch, in the order given.
    """
    batches: list[list[int]] = []
    filled = budget + 1
    for index in order:
        if filled + sizes[index] > budget:
            batches.append([])
            filled = 0
        batches[-1].append(int(index))
        filled += int(sizes[index])
    return batches
