"""Compiled loops over sites, atoms and lattice vectors.

Arrays in, arrays out; numbers are float64 and lattice vectors are rows, Å. The modules that call
them say what for. Without the liberties of "fast" arithmetic: which distances are equal, and which
cell is chosen, must not depend on the processor.
"""

import math
from typing import Any

import numba
import numpy as np

# "numpy": no check for division by zero, which would keep loops from being vectorised
OPTIONS: dict[str, Any] = {"error_model": "numpy", "cache": True}

# A lattice vector must be shorter than another by this part to count as shorter: rounding must not
# send the search for the shortest ones in circles.
_ROUNDING = 1e-9
_STEPS = 100  # of a Niggli reduction: pymatgen's limit


# Rows are passed by number: views of arrays compile slowly, as operations on whole arrays do.


@numba.njit(**OPTIONS)
def _dot(a: Any, i: int, b: Any, j: int) -> Any:
    """Scalar product of row i of a and row j of b."""
    return a[i, 0] * b[j, 0] + a[i, 1] * b[j, 1] + a[i, 2] * b[j, 2]


@numba.njit(**OPTIONS)
def _volume(rows: Any, i: int, j: int, k: int) -> Any:
    """Volume that three rows span, negative if they are left-handed."""
    x = rows[j, 1] * rows[k, 2] - rows[j, 2] * rows[k, 1]
    y = rows[j, 2] * rows[k, 0] - rows[j, 0] * rows[k, 2]
    z = rows[j, 0] * rows[k, 1] - rows[j, 1] * rows[k, 0]
    return rows[i, 0] * x + rows[i, 1] * y + rows[i, 2] * z


@numba.njit(**OPTIONS)
def _add(rows: Any, k: int, factor: float, other: int) -> None:
    """Add a multiple of another row to row k."""
    for axis in range(3):
        rows[k, axis] += factor * rows[other, axis]


@numba.njit(**OPTIONS)
def _swap(rows: Any, k: int) -> None:
    """Exchange rows k and k + 1."""
    for axis in range(3):
        rows[k, axis], rows[k + 1, axis] = rows[k + 1, axis], rows[k, axis]


@numba.njit(**OPTIONS)
def _combine(i: float, j: float, k: float, basis: Any, out: Any, row: int) -> None:
    """Write a sum of multiples of three rows into a row."""
    for axis in range(3):
        out[row, axis] = i * basis[0, axis] + j * basis[1, axis] + k * basis[2, axis]


# --- distances -------------------------------------------------------------------------------


@numba.njit(**OPTIONS)
def reduced_basis(lattice: Any) -> Any:
    """Return a Minkowski-reduced basis of a lattice, its vectors sorted by length.

    Parameters
    ----------
    lattice
        (3, 3) float64, Å.

    Returns
    -------
    numpy.ndarray
        (3, 3), Å: no vector becomes shorter by adding or subtracting the others.
    """
    basis = lattice.copy()
    own = np.empty(3)
    for k in range(3):
        own[k] = _dot(basis, k, basis, k)
    vector = np.empty((1, 3))
    while True:
        most, replaced, best = 0.0, 0, 0
        for code in range(14, 27):  # one of every pair of sums ±v, the origin left out
            i, j, k = code // 9 - 1, code // 3 % 3 - 1, code % 3 - 1
            _combine(i, j, k, basis, vector, 0)
            squared = _dot(vector, 0, vector, 0)
            for n, part in enumerate((i, j, k)):
                if part != 0 and own[n] - squared > most:
                    most, replaced, best = own[n] - squared, n, code
        if not most > _ROUNDING * own[replaced]:
            break
        _combine(best // 9 - 1, best // 3 % 3 - 1, best % 3 - 1, basis, vector, 0)
        for axis in range(3):
            basis[replaced, axis] = vector[0, axis]
        own[replaced] = _dot(vector, 0, vector, 0)
    for n in (0, 1, 0):
        if own[n] > own[n + 1]:
            own[n], own[n + 1] = own[n + 1], own[n]
            _swap(basis, n)
    return basis


@numba.njit(**OPTIONS)
def _shortening_vectors(basis: Any) -> Any:
    """Lattice vectors that may shorten a vector whose coordinates lie within ±1/2, up to sign.

    Let x be shortest among its images. In the frame of the Gram-Schmidt vectors b*, x is no longer
    than the bound on the covering radius, √(Σ b*²)/2; nor is its part along the first two basis
    vectors longer than that of their plane, nor along the first. This bounds the coordinates of x
    one after another, the last first. Of the vectors v within these bounds only those matter that
    shorten some x of the box: |v|² < 2 |v·x|, whose largest value is Σ |v·b|.
    """
    # Cholesky factor of the Gram matrix
    a = math.sqrt(_dot(basis, 0, basis, 0))
    ab = _dot(basis, 0, basis, 1) / a
    ac = _dot(basis, 0, basis, 2) / a
    b = math.sqrt(_dot(basis, 1, basis, 1) - ab * ab)
    bc = (_dot(basis, 1, basis, 2) - ab * ac) / b
    c = math.sqrt(_dot(basis, 2, basis, 2) - ac * ac - bc * bc)
    third = math.sqrt(a * a + b * b + c * c) / c / 2
    second = math.sqrt(a * a + b * b) / b / 2 + abs(bc / b) * third
    first = 0.5 + abs(ab / a) * second + abs(ac / a) * third
    p, q, r = int(first + 0.5), int(second + 0.5), int(third + 0.5)
    grid = (2 * p + 1) * (2 * q + 1) * (2 * r + 1)
    vectors = np.empty((grid // 2, 3))
    found = 0
    for code in range(grid // 2 + 1, grid):
        i = code // ((2 * q + 1) * (2 * r + 1)) - p
        j = code // (2 * r + 1) % (2 * q + 1) - q
        k = code % (2 * r + 1) - r
        _combine(i, j, k, basis, vectors, found)
        most = 0.0
        for axis in range(3):
            most += abs(_dot(vectors, found, basis, axis))
        if _dot(vectors, found, vectors, found) < most * (1 - _ROUNDING):
            found += 1
    return vectors[:found]


@numba.njit(**OPTIONS)
def shortest_images(atoms: Any, images: int, axes: Any) -> Any:
    """Distances of primitive sites to the atoms of a supercell, under its periodicity.

    Parameters
    ----------
    atoms
        (3, S) fractional coordinates; the images of a site stand together, itself first.
    images
        Images of a site, S / P.
    axes
        Reduced basis of the supercell.

    Returns
    -------
    numpy.ndarray
        (P, S), Å.
    """
    n_atoms = atoms.shape[1]
    vectors = _shortening_vectors(axes)
    steps, gains = np.empty((3, n_atoms)), np.empty(n_atoms)
    distances = np.empty((n_atoms // images, n_atoms))
    for site in range(n_atoms // images):
        a, b, c = atoms[0, site * images], atoms[1, site * images], atoms[2, site * images]
        for n in range(n_atoms):
            i, j, k = atoms[0, n] - a, atoms[1, n] - b, atoms[2, n] - c
            i, j, k = i - np.rint(i), j - np.rint(j), k - np.rint(k)
            x = i * axes[0, 0] + j * axes[1, 0] + k * axes[2, 0]
            y = i * axes[0, 1] + j * axes[1, 1] + k * axes[2, 1]
            z = i * axes[0, 2] + j * axes[1, 2] + k * axes[2, 2]
            steps[0, n], steps[1, n], steps[2, n] = x, y, z
            distances[site, n] = x * x + y * y + z * z
            gains[n] = 0.0
        for v in range(len(vectors)):
            # |x ± v|² = |x|² + |v|² ± 2 v·x
            x, y, z = vectors[v, 0], vectors[v, 1], vectors[v, 2]
            squared = x * x + y * y + z * z
            for n in range(n_atoms):
                product = x * steps[0, n] + y * steps[1, n] + z * steps[2, n]
                gains[n] = max(gains[n], abs(2 * product) - squared)
        for n in range(n_atoms):
            distances[site, n] = math.sqrt(max(distances[site, n] - gains[n], 0.0))
    return distances


@numba.njit(**OPTIONS)
def merge(distances: Any, order: Any, tolerance: float) -> Any:
    """Merge distances into levels; see :func:`.point_set.distance_levels`.

    Parameters
    ----------
    distances
        (n,), Å.
    order
        (n,) int64 that sorts them.
    tolerance
        Width of a level, Å.

    Returns
    -------
    levels : numpy.ndarray
        (L,) float32.
    level : numpy.ndarray
        (n,) uint16; wrong if there are more levels than that can name.
    """
    n = len(order)
    ascending = distances[order]
    ends = np.empty(n, np.bool_)  # whether a level ends with a distance
    for i in range(n - 1):
        ends[i] = ascending[i + 1] - ascending[i] > tolerance
    ends[n - 1] = True
    levels, level = np.empty(n, np.float32), np.empty(n, np.uint16)
    start, found = 0, 0
    while start < n:
        last = start
        while not ends[last]:
            last += 1
        while ascending[last] - ascending[start] > tolerance:
            widest = start
            for i in range(start, last):
                if ascending[i + 1] - ascending[i] > ascending[widest + 1] - ascending[widest]:
                    widest = i
            ends[widest] = True
            last = widest
        total = 0.0
        for i in range(start, last + 1):
            total += ascending[i]
            level[order[i]] = found
        levels[found] = total / (last + 1 - start)
        start, found = last + 1, found + 1
    if ascending[0] == 0:
        levels[0] = 0
    return levels[:found].copy(), level


# --- quotient --------------------------------------------------------------------------------


@numba.njit(**OPTIONS)
def tell_apart(colours: Any, seen: Any) -> Any:
    """Give sites of equal colour and equal rows one new colour, numbered by first occurrence.

    Parameters
    ----------
    colours
        (P,) int32.
    seen
        (P, S) int32.

    Returns
    -------
    colours : numpy.ndarray
        (P,) int32.
    first : numpy.ndarray
        (K,) int64, first site of every colour.
    """
    n_sites = len(colours)
    told, first = np.empty(n_sites, np.int32), np.empty(n_sites, np.int64)
    found = 0
    for site in range(n_sites):
        colour = 0
        while colour < found and not (
            colours[site] == colours[first[colour]] and _equal(seen[site], seen[first[colour]])
        ):
            colour += 1
        if colour == found:
            first[found] = site
            found += 1
        told[site] = colour
    return told, first[:found]


@numba.njit(**OPTIONS)
def _equal(one: Any, other: Any) -> Any:
    k = 0
    while k < len(one) and one[k] == other[k]:
        k += 1
    return k == len(one)


@numba.njit(**OPTIONS)
def count_equal(seen: Any, first: Any, n_levels: int) -> Any:
    """Pairs of the classes of sites; see :class:`.quotient.SiteClasses`.

    Parameters
    ----------
    seen
        (P, S) int32, ascending in every row: class · `n_levels` + level of the atoms seen.
    first
        (K,) int64, first site of every class.
    n_levels
        Number of levels.

    Returns
    -------
    pair_i, pair_j : numpy.ndarray
        (M,) int16.
    pair_level : numpy.ndarray
        (M,) uint16.
    pair_multiplicity : numpy.ndarray
        (M,) int16.
    """
    most = len(first) * seen.shape[1]
    pair_i, pair_j = np.empty(most, np.int16), np.empty(most, np.int16)
    pair_level, multiplicity = np.empty(most, np.uint16), np.empty(most, np.int16)
    pair = -1
    for i in range(len(first)):
        row = seen[first[i]]
        for k in range(len(row)):
            if k == 0 or row[k] != row[k - 1]:
                pair += 1
                pair_i[pair] = i
                pair_j[pair] = row[k] // n_levels
                pair_level[pair] = row[k] % n_levels
                multiplicity[pair] = 0
            multiplicity[pair] += 1
    m = pair + 1
    return pair_i[:m].copy(), pair_j[:m].copy(), pair_level[:m].copy(), multiplicity[:m].copy()


# --- primitive cells -------------------------------------------------------------------------


@numba.njit(**OPTIONS)
def in_fractions(length: float, lattice: Any) -> Any:
    """Return a length, Å, in units of the length of each vector of a lattice: (3,)."""
    fractions = np.empty(3)
    for k in range(3):
        fractions[k] = length / math.sqrt(_dot(lattice, k, lattice, k))
    return fractions


@numba.njit(**OPTIONS)
def _near(a: float, b: float, c: float, tolerance: Any) -> Any:
    """Whether three numbers are close to whole ones, each within its tolerance."""
    return (
        abs(a - np.rint(a)) < tolerance[0]
        and abs(b - np.rint(b)) < tolerance[1]
        and abs(c - np.rint(c)) < tolerance[2]
    )


@numba.njit(**OPTIONS)
def _maps_sites(vector: Any, sites: Any, start: Any, tolerance: Any) -> Any:
    """Whether a translation takes every site close to one of its element."""
    for element in range(len(start) - 1):
        for i in range(start[element], start[element + 1]):
            a, b, c = sites[i, 0] + vector[0], sites[i, 1] + vector[1], sites[i, 2] + vector[2]
            j = start[element]
            while not _near(sites[j, 0] - a, sites[j, 1] - b, sites[j, 2] - c, tolerance):
                j += 1
                if j == start[element + 1]:
                    return False
    return True


@numba.njit(**OPTIONS)
def translations(sites: Any, start: Any, rarest: int, tolerance: Any) -> Any:
    """Vectors between sites of an element that take every site close to one of its element.

    Parameters
    ----------
    sites
        (N, 3) fractional coordinates, those of an element together.
    start
        (G + 1,) int64: the sites of element g are ``start[g]`` to ``start[g + 1]``.
    rarest
        The element whose vectors from the first site are tried.
    tolerance
        (3,), in fractional coordinates.

    Returns
    -------
    numpy.ndarray
        (T, 3) fractional; the null vector is one of them.
    """
    origin = sites[start[rarest]]
    found = np.empty((start[rarest + 1] - start[rarest], 3))
    n = 0
    for site in range(start[rarest], start[rarest + 1]):
        for axis in range(3):
            found[n, axis] = sites[site, axis] - origin[axis]
        if _maps_sites(found[n], sites, start, tolerance):
            n += 1
    return found[:n]


@numba.njit(**OPTIONS)
def _spans(inverse: Any, vectors: Any, tolerance: Any) -> Any:
    """Whether every row of a matrix is close to one of the vectors, up to whole numbers."""
    for row in range(3):
        x, y, z = inverse[row, 0], inverse[row, 1], inverse[row, 2]
        n = 0
        while not _near(x - vectors[n, 0], y - vectors[n, 1], z - vectors[n, 2], tolerance):
            n += 1
            if n == len(vectors):
                return False
    return True


@numba.njit(**OPTIONS)
def _merge_sites(
    sites: Any, start: Any, matrix: Any, tolerance: Any, apart: Any, merged: Any
) -> Any:
    """Whether sites of every element fall together in a smaller cell, as many at each place.

    Those fall together that are closer than `tolerance` in the smaller cell, but further than
    `apart` in the cell. Writes the first of those that fall together with each into `merged`.
    """
    fold = matrix[0, 0] * matrix[1, 1] * matrix[2, 2]
    for element in range(len(start) - 1):
        first, size = start[element], start[element + 1] - start[element]
        together = np.empty((size, size), np.bool_)
        for i in range(size):
            one = sites[first + i]
            for j in range(size):
                other = sites[first + j]
                a, b, c = other[0] - one[0], other[1] - one[1], other[2] - one[2]
                neighbours = (
                    abs(a - np.rint(a)) <= apart[0]
                    and abs(b - np.rint(b)) <= apart[1]
                    and abs(c - np.rint(c)) <= apart[2]
                )
                together[i, j] = i == j or (
                    not neighbours
                    and _near(
                        a * matrix[0, 0],
                        a * matrix[0, 1] + b * matrix[1, 1],
                        a * matrix[0, 2] + b * matrix[1, 2] + c * matrix[2, 2],
                        tolerance,
                    )
                )
        for i in range(size):
            j, members = 0, 0
            while not together[i, j]:
                j += 1
            merged[first + i] = first + j
            for j in range(size):
                members += together[i, j]
            if members != fold:
                return False
        # an equivalence: related if, and only if, they have the same first relative
        for i in range(size):
            for j in range(size):
                if together[i, j] != (merged[first + i] == merged[first + j]):
                    return False
    return True


@numba.njit(**OPTIONS)
def smaller_cell(
    sites: Any,
    start: Any,
    vectors: Any,
    lattice: Any,
    tolerance: float,
    matrices: Any,
    inverses: Any,
    merged: Any,
) -> Any:
    """Find the first smaller cell that describes the crystal.

    Parameters
    ----------
    sites, start
        As for :func:`translations`.
    vectors
        What that returned.
    lattice
        The cell.
    tolerance
        Å.
    matrices, inverses
        (H, 3, 3) upper triangular integers that turn the smaller cells into the cell, and inverses.
    merged
        (N,) int64. If there is one, every site's first equivalent in it is written here.

    Returns
    -------
    int
        Number of the matrix, -1 if none fits.
    """
    outside, apart = in_fractions(tolerance, lattice), in_fractions(2 * tolerance, lattice)
    smaller = np.empty((3, 3))
    for n in range(len(matrices)):
        if _spans(inverses[n], vectors, outside):
            for k in range(3):
                a, b, c = inverses[n, k, 0], inverses[n, k, 1], inverses[n, k, 2]
                _combine(a, b, c, lattice, smaller, k)
            inside = in_fractions(tolerance, smaller)
            if _merge_sites(sites, start, matrices[n], inside, apart, merged):
                return n
    return -1


@numba.njit(**OPTIONS)
def mean_sites(sites: Any, merged: Any) -> Any:
    """Mean position of the sites that fall together, each at its image closest to the mean so far.

    Parameters
    ----------
    sites
        (N, 3) fractional coordinates in the smaller cell.
    merged
        (N,) int64, first of the sites that fall together.

    Returns
    -------
    numpy.ndarray
        (N, 3): the means in the rows of the first sites.
    """
    means = sites.copy()
    count = np.ones(len(sites), np.int64)
    for site in range(len(sites)):
        first = merged[site]
        if first != site:
            count[first] += 1
            for k in range(3):
                step = sites[site, k] - means[first, k]
                means[first, k] += (step - np.rint(step)) / count[first]
    return means


# --- Niggli cells, as pymatgen chooses them --------------------------------------------------


@numba.njit(**OPTIONS)
def _lll(lattice: Any) -> Any:
    """Basis reduced as by Lenstra, Lenstra and Lovász, with the parameter 3/4."""
    a = lattice.copy()
    b = lattice.copy()  # Gram-Schmidt vectors
    u, m = np.zeros((3, 3)), np.empty(3)
    for i in range(3):
        _orthogonalise(a, b, u, m, i)
    k = 1
    while k < 3:
        for i in range(k - 1, -1, -1):
            q = np.rint(u[k, i])
            _add(a, k, -q, i)
            for j in range(i):
                u[k, j] -= q * u[i, j]
            u[k, i] -= q
        if m[k] < (0.75 - u[k, k - 1] ** 2) * m[k - 1]:
            _swap(a, k - 1)
            _orthogonalise(a, b, u, m, k - 1)
            _orthogonalise(a, b, u, m, k)
            if k == 1:
                u[2, 0], u[2, 1] = _dot(a, 2, b, 0) / m[0], _dot(a, 2, b, 1) / m[1]
            k = 1
        else:
            k += 1
    return a


@numba.njit(**OPTIONS)
def _orthogonalise(a: Any, b: Any, u: Any, m: Any, i: int) -> None:
    """Write Gram-Schmidt vector i of the vectors a, its coefficients and its square."""
    for axis in range(3):
        b[i, axis] = a[i, axis]
    for j in range(i):
        u[i, j] = _dot(a, i, b, j) / m[j]
        _add(b, i, -u[i, j], j)
    m[i] = _dot(b, i, b, i)


@numba.njit(**OPTIONS)
def _sign(x: float, e: float) -> Any:
    return 0.0 if abs(x) < e else math.copysign(1.0, x)


@numba.njit(**OPTIONS)
def _opposite(sign: float) -> Any:
    return -1.0 if sign == 1 else 1.0


@numba.njit(**OPTIONS)
def _form(basis: Any) -> Any:
    A, B, C = _dot(basis, 0, basis, 0), _dot(basis, 1, basis, 1), _dot(basis, 2, basis, 2)
    E, N, Y = _dot(basis, 1, basis, 2), _dot(basis, 0, basis, 2), _dot(basis, 0, basis, 1)
    return A, B, C, 2 * E, 2 * N, 2 * Y


@numba.njit(**OPTIONS)
def _align(basis: Any, u: float, v: float, w: float) -> None:
    """Turn vectors round, for all angles to be acute or none; given are the signs of E, N, Y."""
    if u * v * w == 1:
        i, j, k = u, v, w
    else:
        i, j, k = _opposite(u), _opposite(v), _opposite(w)
        if i * j * k == -1:
            if w == 0:
                k = -1.0
            elif v == 0:
                j = -1.0
            elif u == 0:
                i = -1.0
    for axis in range(3):
        basis[0, axis] *= i
        basis[1, axis] *= j
        basis[2, axis] *= k


@numba.njit(**OPTIONS)
def niggli_basis(lattice: Any) -> Any:
    """Return a Niggli-reduced basis of a lattice (Grosse-Kunstleve et al., 2004).

    The names are those of the paper, Acta Cryst. A 60, 1 (doi:10.1107/S010876730302186X).

    Parameters
    ----------
    lattice
        Any basis.

    Returns
    -------
    basis : numpy.ndarray
        (3, 3), Å.
    tolerance : float
        Of the comparisons, as pymatgen has it: a number of Å that is compared with Å².
    """
    e = 1e-5 * abs(_volume(lattice, 0, 1, 2)) ** (1 / 3)
    basis = _lll(lattice)
    for _ in range(_STEPS):
        A, B, C, E, N, Y = _form(basis)
        if B + e < A or (abs(A - B) < e and abs(E) > abs(N) + e):
            _swap(basis, 0)
            A, B, C, E, N, Y = _form(basis)
        if C + e < B or (abs(B - C) < e and abs(N) > abs(Y) + e):
            _swap(basis, 1)
            continue
        _align(basis, _sign(E, e), _sign(N, e), _sign(Y, e))
        A, B, C, E, N, Y = _form(basis)
        if abs(E) > B + e or (abs(E - B) < e and Y - e > 2 * N) or (abs(E + B) < e and -e > Y):
            _add(basis, 2, -math.copysign(1.0, E), 1)
        elif abs(N) > A + e or (abs(A - N) < e and Y - e > 2 * E) or (abs(A + N) < e and -e > Y):
            _add(basis, 2, -math.copysign(1.0, N), 0)
        elif abs(Y) > A + e or (abs(A - Y) < e and N - e > 2 * E) or (abs(A + Y) < e and -e > N):
            _add(basis, 1, -math.copysign(1.0, Y), 0)
        elif -e > E + N + Y + A + B or abs(E + N + Y + A + B) < e < Y + (A + N) * 2:
            _add(basis, 2, 1.0, 0)
            _add(basis, 2, 1.0, 1)
        else:
            break
    return basis, e


@numba.njit(**OPTIONS)
def _angle(rows: Any, i: int, j: int) -> Any:
    """Angle of two rows, degrees."""
    cosine = _dot(rows, i, rows, j) / math.sqrt(_dot(rows, i, rows, i) * _dot(rows, j, rows, j))
    return math.degrees(math.acos(min(max(cosine, -1.0), 1.0)))


@numba.njit(**OPTIONS)
def _alike(length: float, other: float, tolerance: float) -> Any:
    return 1 / (1 + tolerance) < length / other < 1 + tolerance


@numba.njit(**OPTIONS)
def congruent_basis(
    basis: Any, points: Any, vectors: Any, lengths: Any, tolerance: float, out: Any
) -> Any:
    """Choose vectors of a lattice with the lengths of a basis, and its angles to one degree.

    Parameters
    ----------
    basis
        (3, 3), Å.
    points, vectors, lengths
        (n, 3) whole coordinates of the lattice vectors to choose from, (n, 3) and (n,), Å. Early
        ones are preferred, but right-handed in these coordinates to left-handed.
    tolerance
        Of the lengths, relative.
    out
        (3, 3), may be `basis`: the vectors are written here, Å, or their opposites, so that they
        are right-handed.

    Returns
    -------
    bool
        Whether there are such vectors.
    """
    a, b, c = (
        math.sqrt(_dot(basis, 0, basis, 0)),
        math.sqrt(_dot(basis, 1, basis, 1)),
        math.sqrt(_dot(basis, 2, basis, 2)),
    )
    alpha, beta, gamma = _angle(basis, 1, 2), _angle(basis, 0, 2), _angle(basis, 0, 1)
    found = False
    for i in range(len(lengths)):
        if not _alike(lengths[i], a, tolerance):
            continue
        for j in range(len(lengths)):
            if not (_alike(lengths[j], b, tolerance) and abs(_angle(vectors, i, j) - gamma) <= 1):
                continue
            for k in range(len(lengths)):
                handed = _volume(points, i, j, k)
                if (
                    _alike(lengths[k], c, tolerance)
                    and (handed > 0 or (handed < 0 and not found))
                    and abs(_angle(vectors, j, k) - alpha) <= 1
                    and abs(_angle(vectors, i, k) - beta) <= 1
                ):
                    found = True
                    sign = math.copysign(1.0, _volume(vectors, i, j, k))
                    for axis in range(3):
                        out[0, axis] = sign * vectors[i, axis]
                        out[1, axis] = sign * vectors[j, axis]
                        out[2, axis] = sign * vectors[k, axis]
                    if handed > 0:
                        return True
    return found
