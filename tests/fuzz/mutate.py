"""Damage to CIF files, as editors, transfers, programs and malice do it; from a seed."""

import random
import re
from collections.abc import Sequence

MAX_SIZE = 300_000  # bytes of a mutated file

TOKENS = [
    *(b"", b"?", b".", b"-", b"nan", b"NaN", b"inf", b"-inf", b"1e300", b"-1e300", b"1e-300"),
    *(b"0", b"-0", b"1", b"-1", b"1/3", b"1/0", b"0.5(3)", b"(", b")", b"99999999999999999999"),
    *(b"0x10", b"1_000", b"1,5", b"''", b"'", b'"', b";", b"#", b"loop_", b"data_", b"data_x"),
    *(b"global_", b"stop_", b"save_", b"$frame", b"[", b"]", b"{'a': 1}", b"_", b"_cell_length_a"),
    *(b"_atom_site_fract_x", b"_atom_site_occupancy", b"_symmetry_equiv_pos_as_xyz"),
    *(b"'x,y,z'", b"'-x,-y,-z'", b"'x+1/0,y,z'", b"'2x,y,z'", b"'x,x,x'", b"'w,y,z'", b"xyz"),
    *(b"Na", b"Xx", b"D", b"Og", b"Wat", b"H2O", b"OH", b"Na1+", b"Fe3+", b"O2-", b"Vac", b"NaN"),
    *("Å".encode(), "₂".encode(), "\N{ZERO WIDTH SPACE}".encode(), "é".encode("latin-1"), b"\0"),
    *(b"__import__('os')", b"../../x", b"%s%n", b"A" * 5000, b"9" * 400, b"(" * 300),
]
_WORD = re.compile(rb"\S+")
_NUMBER = re.compile(rb"(?<![\w.])[-+]?\d+\.?\d*(?:\(\d+\))?")
_TAG = re.compile(rb"^[ \t]*_\S+[ \t]*$", re.MULTILINE)


def mutated(files: Sequence[bytes], seed: int, index: int) -> tuple[int, bytes]:
    """Return one damaged file.

    Parameters
    ----------
    files
        Contents of real files.
    seed, index
        Of the campaign and of the mutation: the same ones give the same damage.

    Returns
    -------
    tuple of int and bytes
        Which file it was, and its content after one to three kinds of damage.
    """
    rng = random.Random(f"{seed}/{index}")
    number = rng.randrange(len(files))
    data = files[number]
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3])):
        damage = rng.choice(DAMAGE)
        data = damage(rng, data, rng.choice(files))[:MAX_SIZE]
    return number, data


def _flip_bytes(rng: random.Random, data: bytes, other: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8) if data else 0):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _delete_lines(rng: random.Random, data: bytes, other: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    start = rng.randint(0, len(lines))
    del lines[start : start + rng.choice([1, 1, 1, 2, 5, 20])]
    return b"".join(lines)


def _repeat_lines(rng: random.Random, data: bytes, other: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    start = rng.randint(0, len(lines))
    end = start + rng.choice([1, 1, 2, 10])
    lines[start:end] = lines[start:end] * rng.choice([2, 2, 3, 50, 1000])
    return b"".join(lines)


def _swap_lines(rng: random.Random, data: bytes, other: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    for _ in range(rng.randint(1, 5) if lines else 0):
        i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[i], lines[j] = lines[j], lines[i]
    return b"".join(lines)


def _replace_token(rng: random.Random, data: bytes, other: bytes) -> bytes:
    return _replaced(rng, data, _WORD, lambda word: rng.choice(TOKENS))


def _borrow_token(rng: random.Random, data: bytes, other: bytes) -> bytes:
    words = _WORD.findall(data) + _WORD.findall(other) or [b"?"]
    return _replaced(rng, data, _WORD, lambda word: rng.choice(words))


def _corrupt_number(rng: random.Random, data: bytes, other: bytes) -> bytes:
    def corrupted(number: bytes) -> bytes:
        bare = number.split(b"(")[0]
        return rng.choice(
            [
                *(
                    b"-" + number,
                    bare + b"e5",
                    bare + b"e-5",
                    bare + b"e300",
                    bare + b"(9999999999)",
                ),
                *(bare.replace(b".", b""), bare.replace(b".", b","), bare.replace(b".", b"..")),
                *(
                    bare[:-1],
                    bare + b"9" * 30,
                    b"nan",
                    b"inf",
                    b"0",
                    b"-0.0",
                    b"%d" % rng.randrange(500),
                ),
            ]
        )

    return _replaced(rng, data, _NUMBER, corrupted)


def _truncate(rng: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: rng.randint(0, len(data))]


def _splice(rng: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: rng.randint(0, len(data))] + other[rng.randint(0, len(other)) :]


def _join(rng: random.Random, data: bytes, other: bytes) -> bytes:
    return rng.choice([data + other, other + b"\n" + data, data + b"\n" + data])


def _misencode(rng: random.Random, data: bytes, other: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    place = rng.randint(0, len(data))
    return rng.choice(
        [
            *(text.encode("utf-16"), text.encode("utf-32-le"), b"\xef\xbb\xbf" + data),
            *(b"\xff\xfe" + data, data[:place] + b"\0" * rng.choice([1, 100]) + data[place:]),
            *(data[:place] + b"\xe9" + data[place:], data[:place] + b"\xed\xb2\x80" + data[place:]),
            *(data.replace(b"\n", b"\r"), data.replace(b"\n", b"\r\n"), data.replace(b"\n", b" ")),
            *(data.replace(b"\n", b"\x0b"), data.replace(b" ", b"\xc2\xa0"), data.swapcase()),
        ]
    )


def _quote(rng: random.Random, data: bytes, other: bytes) -> bytes:
    place = rng.randint(0, len(data))
    inserted = rng.choice(
        [
            b"'",
            b'"',
            b"\n;\n",
            b"\n;",
            b"\n;\ntext\n;\n",
            b"#",
            b"'''",
            b"\\\n",
            b" loop_ ",
            b"\ndata_\n",
        ]
    )
    return rng.choice(
        [data[:place] + inserted + data[place:], data.replace(b"'", b""), data.replace(b"'", b'"')]
    )


def _miscount_loop(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """Take out a name of a column, or add one, so that the rows no longer fit."""
    new = rng.choice(
        [b"", b"_atom_site_label\n_atom_site_x", b"loop_", b"_atom_site_fract_x 0.5", b"_x"]
    )
    return _replaced(rng, data, _TAG, lambda tag: new)


def _grow_row(rng: random.Random, data: bytes, other: bytes) -> bytes:
    lines = data.splitlines()
    if lines:
        row = rng.randrange(len(lines))
        words = lines[row].split()
        lines[row] = b" ".join(words[: rng.randint(0, len(words))] * rng.choice([1, 2, 500]))
    return b"\n".join(lines)


def _replaced(rng, data, pattern, new) -> bytes:
    found = list(pattern.finditer(data))
    for match in sorted(
        rng.sample(found, min(len(found), rng.choice([1, 1, 2, 5]))), key=lambda one: -one.start()
    ):
        data = data[: match.start()] + new(match[0]) + data[match.end() :]
    return data


DAMAGE = [
    *(_flip_bytes, _delete_lines, _repeat_lines, _swap_lines, _replace_token, _borrow_token),
    *(_corrupt_number, _truncate, _splice, _join, _misencode, _quote, _miscount_loop, _grow_row),
]
