from itertools import combinations

import numpy as np

from unlabelled import seeds

KEYS = [(), ("a",), ("a", "b"), ("b", "a"), ("ab",), ("a', 'b",), ("a", 1), ("a", "1"), ("a", 11)]
KEYS += [("a", 1, 1), (1, "a"), ("x" * 1000,), ("x" * 1001,)]


def test_draws_are_the_same_everywhere_and_always():
    assert seeds.integer(2025) == 3951138786055209861
    assert seeds.integer(2025, "label_masking", "formation_energy", 50, 3) == 3276509763161395016
    assert seeds.generator(0, "split", "gap").permutation(10).tolist() == [
        8,
        7,
        9,
        3,
        1,
        6,
        0,
        5,
        4,
        2,
    ]


def test_every_key_and_every_seed_has_draws_of_its_own():
    drawn = [seeds.integer(seed, *key) for seed in (0, 1, 2**40) for key in KEYS]
    assert len(set(drawn)) == len(drawn)


def test_draws_of_neighbouring_keys_are_not_correlated():
    streams = [seeds.generator(7, "draw", i).standard_normal(10_000) for i in range(10)]
    assert all(abs(np.corrcoef(a, b)[0, 1]) < 0.05 for a, b in combinations(streams, 2))


def test_integers_fill_63_bits():
    drawn = [seeds.integer(3, i) for i in range(200)]
    assert 0 <= min(drawn) < 2**60 < 2**62 < max(drawn) < 2**63
