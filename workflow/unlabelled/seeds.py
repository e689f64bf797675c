"""Random numbers: one seed, spread by what is being drawn.

Every draw has a key, such as ``("label_masking", "formation_energy", 50, 3)``. Its generator
depends on the seed and the key alone, so adding a job changes no other job's draws, and a resumed
run draws what the interrupted one would have drawn.
"""

import hashlib

import numpy as np


def sequence(seed: int, *key: str | int) -> np.random.SeedSequence:
    """Seed sequence of one kind of draw.

    Parameters
    ----------
    seed
        The seed of the configuration.
    *key
        What is being drawn; strings and integers.

    Returns
    -------
    numpy.random.SeedSequence
        ``SeedSequence(seed, spawn_key=...)``, the key hashed to 128 bits so that strings of any
        length take part.
    """
    digest = hashlib.sha256("\0".join(repr(part) for part in key).encode()).digest()
    words = tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))
    return np.random.SeedSequence(seed, spawn_key=words)


def generator(seed: int, *key: str | int) -> np.random.Generator:
    """Return the NumPy generator of one kind of draw; see :func:`sequence`."""
    return np.random.default_rng(sequence(seed, *key))


def integer(seed: int, *key: str | int) -> int:
    """Return a 63-bit seed for libraries with generators of their own; see :func:`sequence`."""
    return int(sequence(seed, *key).generate_state(1, np.uint64)[0] >> np.uint64(1))
