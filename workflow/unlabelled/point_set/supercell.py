"""The supercell of a primitive cell, and the minimum-image distances in it."""

import math
from enum import StrEnum
from functools import cache, lru_cache
from itertools import pairwise, product
from typing import Any, cast

import numpy as np
import spglib
from scipy.linalg.lapack import dgerqf

from unlabelled.point_set.kernels import reduced_basis, shortest_images
from unlabelled.point_set.primitive import hermite_normal_forms
from unlabelled.structures.crystal import SYMPREC, Cell

_UPPER = np.triu(np.ones((3, 3)))


class Supercell(StrEnum):
    """Which supercell the sites look at."""

    NEAR_CUBIC = "near_cubic"  # the published one
    SYMMETRIC = "symmetric"


def supercell_matrix(lattice: np.ndarray, n_primitive: int, max_atoms: int) -> np.ndarray:
    """Integer matrix that turns a primitive cell into its near-cubic supercell.

    An ideal shear makes the lattice vectors orthogonal; the shortest axis is then lengthened by one
    repeat at a time while the supercell holds at most `max_atoms` atoms (DIM repository,
    ``create_matbench_hdf5.py``; same algorithm in Site-Net).

    Parameters
    ----------
    lattice
        Primitive lattice vectors as rows, (3, 3), Å.
    n_primitive
        Sites of the primitive cell.
    max_atoms
        Largest number of atoms of the supercell. A larger primitive cell is only sheared.

    Returns
    -------
    numpy.ndarray
        (3, 3) integers, upper triangular; the determinant is the number of images of the primitive
        cell.
    """
    shear = ideal_shear(lattice)
    edges = [math.hypot(*axis) for axis in (shear @ lattice).tolist()]
    repeats, lengths = [1, 1, 1], edges.copy()
    while True:
        shortest = lengths.index(min(lengths))
        repeats[shortest] += 1
        if math.prod(repeats) * n_primitive > max_atoms:
            repeats[shortest] -= 1
            return np.asarray(np.rint(np.array(repeats)[:, None] * shear), dtype=int)
        lengths[shortest] = repeats[shortest] * edges[shortest]


def ideal_shear(lattice: np.ndarray) -> np.ndarray:
    """Return the unit upper triangular S whose product with `lattice` has orthogonal rows.

    From the RQ decomposition L = R Q: with U = R⁻¹, S = diag(U)⁻¹ U.

    Parameters
    ----------
    lattice
        Lattice vectors as rows, (3, 3), Å.

    Returns
    -------
    numpy.ndarray
        (3, 3) float64.
    """
    # LAPACK itself: for three vectors scipy.linalg.rq spends its time on checks
    inverse = np.linalg.inv(dgerqf(lattice)[0] * _UPPER)
    return np.asarray(inverse / inverse.diagonal()[:, None])


def symmetric_matrix(cell: Cell, max_atoms: int) -> np.ndarray:
    """Integer matrix that turns a primitive cell into its most compact symmetric supercell.

    Of the sublattices that every rotation of the crystal's point group maps onto themselves, it
    spans the one whose shortest vector is longest; of those, one with the most atoms.

    Parameters
    ----------
    cell
        Primitive cell.
    max_atoms
        Largest number of atoms of the supercell. A larger primitive cell is kept.

    Returns
    -------
    numpy.ndarray
        (3, 3) integers, upper triangular; the determinant is the number of images of the primitive
        cell.
    """
    lattice = cell.lattice
    indices = range(1, max(max_atoms // len(cell.atomic_numbers), 1) + 1)
    rotations = _rotations(cell)
    forms = np.concatenate([_invariant_sublattices(rotations, index) for index in indices])
    determinants = forms.diagonal(axis1=1, axis2=2).prod(axis=1)
    adjugates = _adjugates(forms)
    # Hermite: the shortest vector of a lattice is no longer than the cube root of √2 volumes
    longest = (math.sqrt(2) * indices[-1] * abs(np.linalg.det(lattice))) ** (1 / 3) + SYMPREC
    basis = reduced_basis(lattice)
    bounds = longest * np.linalg.norm(np.linalg.inv(basis), axis=0)
    vectors = _half_grid(*(int(bound) for bound in bounds)) @ basis
    lengths = np.linalg.norm(vectors, axis=1)
    order = np.argsort(lengths)[: (lengths <= longest).sum()]
    vectors = np.rint(vectors[order] @ np.linalg.inv(lattice)).astype(int)
    shells = np.flatnonzero(np.diff(lengths[order], prepend=-1, append=np.inf) > SYMPREC)
    kept = np.arange(len(forms))
    for start, end in pairwise(shells.tolist()):
        remainders = vectors[start:end] @ adjugates[kept] % determinants[kept, None, None]
        without = kept[remainders.any(axis=2).all(axis=1)]
        if not len(without):
            break
        kept = without
    return np.asarray(forms[kept[determinants[kept].argmax()]])


def _rotations(cell: Cell) -> bytes:
    """Rotations of the point group up to inversion, (n, 3, 3) int64 on fractional coordinates."""
    try:
        crystal = cast(Any, (cell.lattice, cell.frac_coords, cell.atomic_numbers))
        found = spglib.get_symmetry(crystal, symprec=SYMPREC)
    except spglib.SpglibError:  # as where it returns None: no symmetry was found
        found = None
    rotations = np.eye(3)[None] if found is None else found["rotations"]
    proper = rotations * np.rint(np.linalg.det(rotations))[:, None, None]
    return np.unique(proper.astype(np.int64), axis=0).tobytes()


@lru_cache(maxsize=4096)
def _invariant_sublattices(rotations: bytes, index: int) -> np.ndarray:
    """Bases, as rows in units of the lattice's, of the sublattices of an index that are kept."""
    # transposed about both diagonals, the forms of superlattices are those of sublattices
    forms = hermite_normal_forms(index)[:, ::-1, ::-1].transpose(0, 2, 1)
    for rotation in np.frombuffer(rotations, np.int64).reshape(-1, 3, 3):
        turned = forms @ rotation.T @ _adjugates(forms)
        forms = forms[~(turned % index).any(axis=(1, 2))]
    return forms


def _adjugates(forms: np.ndarray) -> np.ndarray:
    """Inverses times determinants of upper triangular integer matrices, (n, 3, 3) int64."""
    adjugates = np.zeros_like(forms)
    (a, b, c), (e, f), g = forms[:, 0].T, forms[:, 1, 1:].T, forms[:, 2, 2]
    adjugates[:, 0] = np.stack([e * g, -b * g, b * f - c * e], axis=1)
    adjugates[:, 1, 1:] = np.stack([a * g, -a * f], axis=1)
    adjugates[:, 2, 2] = a * e
    return adjugates


def minimum_image_distances(
    lattice: np.ndarray, frac_coords: np.ndarray, matrix: np.ndarray
) -> np.ndarray:
    """Distances of primitive sites to the atoms of a supercell, under its periodicity.

    Parameters
    ----------
    lattice
        Primitive lattice vectors as rows, (3, 3), Å.
    frac_coords
        Fractional coordinates of the primitive sites, (P, 3).
    matrix
        Upper triangular integers with a positive diagonal, (3, 3): the supercell.

    Returns
    -------
    numpy.ndarray
        (P, S) float64, Å. The images of a primitive site stand one after another, in the same order
        for every site; the site itself comes first and is at distance 0.
    """
    axes = reduced_basis(matrix @ lattice)
    # A lattice vector has one representative in the box that the diagonal spans, the matrix being
    # triangular: images are found without asking which points lie in a cell.
    shifts = _box(*matrix.diagonal().tolist())
    positions = (frac_coords[:, None] + shifts).reshape(-1, 3) @ (lattice @ np.linalg.inv(axes))
    distances: np.ndarray = shortest_images(np.ascontiguousarray(positions.T), len(shifts), axes)
    return distances


@cache
def _box(*sizes: int) -> np.ndarray:
    """Integer vectors from 0 to below the sizes, (n, 3) float64, the origin first."""
    return np.array(list(product(*map(range, sizes))), dtype=float)


@cache
def _half_grid(*bounds: int) -> np.ndarray:
    """Integer vectors within ± the bounds without the origin, one of every pair ±v, float64."""
    grid = list(product(*(range(-bound, bound + 1) for bound in bounds)))
    return np.array(grid[len(grid) // 2 + 1 :], dtype=float).reshape(-1, 3)
