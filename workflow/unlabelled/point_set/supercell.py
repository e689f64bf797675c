"""The supercell of a primitive cell: near-orthorhombic, with near-equal edges."""

import numpy as np
import scipy.linalg


def supercell_matrix(lattice: np.ndarray, n_primitive: int, max_atoms: int) -> np.ndarray:
    """Integer matrix that turns a primitive cell into its supercell.

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
        (3, 3) integers; the determinant is the number of images of the primitive cell.
    """
    shear = ideal_shear(lattice)
    edges = np.linalg.norm(shear @ lattice, axis=1)
    repeats = np.ones(3, dtype=int)
    while True:
        longer = repeats.copy()
        longer[np.argmin(repeats * edges)] += 1
        if longer.prod() * n_primitive > max_atoms:
            return np.asarray(np.rint(np.diag(repeats) @ shear), dtype=int)
        repeats = longer


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
    upper, _ = scipy.linalg.rq(lattice)
    inverse = np.linalg.inv(upper)
    return np.asarray(inverse / np.diag(inverse)[:, None])
