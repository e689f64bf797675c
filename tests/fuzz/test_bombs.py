"""Entries that were made to be too much, beside a good one that must not suffer from them."""

import tracemalloc
from collections import Counter

import pytest
from pymatgen.io.cif import CifWriter
from tests.structures.conftest import rock_salt

from unlabelled import tables
from unlabelled.errors import SourceError
from unlabelled.sources import registry
from unlabelled.structures.build import build
from unlabelled.structures.schema import Reason

CIF = str(CifWriter(rock_salt()))
HEAD = CIF[: CIF.index("  Na  Na0")]
SITES = "\n".join(f" Na Na 1 .{i % 999:03} .{i // 999:04} .5 1" for i in range(300_000))


def refused(folder, kind="folder", entry_limit_mb=20.0, **more):
    """Reason and message by entry; nothing is lost."""
    spec = {"kind": kind, "path": str(folder), "entry_limit_mb": entry_limit_mb}
    out = folder.parent / "out"
    limits = {"max_text_mb": 20, "seconds_per_entry": 60, "memory_mb_per_entry": 300}
    counts = build(
        lambda: registry.entries("mine", spec, ""),
        "mine",
        {},
        out / "crystals.parquet",
        out / "rejects.parquet",
        max_sites=50,
        required_label=None,
        duplicates=False,
        processes=1,
        limit=None,
        seed=0,
        provenance={},
        **limits | more,
    )
    rejects = tables.read(out / "rejects.parquet")
    names = [*tables.read(out / "crystals.parquet")["material_id"], *rejects["entry"]]
    entries = [entry.name for entry in registry.entries("mine", spec, "")]
    assert Counter(names) == Counter(entries)
    assert counts.read == len(entries)
    said = zip(rejects["reason"], rejects["message"], strict=True)
    return dict(zip(rejects["entry"], said, strict=True))


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "crystals"
    made.mkdir()
    (made / "good.cif").write_text(CIF)
    return made


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(HEAD + SITES, None, id="300,000 sites"),
        pytest.param(CIF + "loop_\n_x\n" + "1\n" * 300_000, None, id="long loop"),
        pytest.param(CIF + "loop_\n" * 100_000, None, id="loops in loops"),
        pytest.param(CIF + "_x " + "'" * 30_000, None, id="quotes"),
        pytest.param(CIF + "_x " + "'a" * 30_000, None, id="words in quotes"),
        pytest.param(CIF + "_x " + "[" * 100_000, None, id="brackets"),
        pytest.param(CIF.replace("5.69", "5" * 100_000), None, id="long number"),
        pytest.param(CIF.replace("x, y, z", "x" * 100_000), None, id="long operation"),
        pytest.param("data_x\n" * 20_000, None, id="many empty blocks"),
        pytest.param(CIF + "\n;\n" * 50_001, "never closed", id="text fields"),
        pytest.param(" " * 19_000_000, "it is empty", id="blank"),
        pytest.param("\n \t" * 1_000_000 + CIF, None, id="blank lines"),
    ],
)
def test_bombs_end_as_an_entry(folder, text, expected):
    (folder / "bomb.cif").write_text(text)
    found = refused(folder)
    assert "good" not in found
    assert set(found) == {"bomb"} or expected is None
    if expected:
        reason, message = found["bomb"]
        assert reason == Reason.UNREADABLE
        assert expected in message


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (CIF.encode("utf-16"), "no data_ block"),
        (CIF.encode("utf-32-le"), "no data_ block"),
        (CIF.encode() + b"# \xe9\n", "not UTF-8"),
        (b"\0" * 1000, "no data_ block"),
        (CIF.encode().replace(b"_cell_length_a ", b"_cell_length_a\0"), "No structure parsed"),
        (b"\xef\xbb\xbf" + CIF.encode(), None),
        (b"\xff\xfe" + CIF.encode(), None),  # before the first block
        (CIF.replace("\n", "\r\n").encode(), None),
        (CIF.encode() + b"\n# \0\n", None),
    ],
)
def test_encodings(folder, data, expected):
    (folder / "odd.cif").write_bytes(data)
    found = refused(folder)
    if expected is None:
        assert found == {}
    else:
        [(reason, message)] = found.values()
        assert reason == Reason.UNREADABLE
        assert expected in message


def sparse(path, begin):
    path.write_text(begin)
    with path.open("r+b") as file:
        file.truncate(200_000_000)


@pytest.mark.parametrize("kind", ["folder", "icsd"])
def test_a_file_of_200_mb_is_not_read_into_memory(folder, kind):
    """NUL bytes without a line end, beyond the size of an entry."""
    sparse(folder / "large.cif", CIF)
    list(registry.entries("mine", {"kind": kind, "path": str(folder)}, ""))  # imports
    tracemalloc.start()
    spec = {"kind": kind, "path": str(folder), "entry_limit_mb": 1}
    entries = list(registry.entries("mine", spec, ""))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(entries) == 2
    [error] = [entry.error for entry in entries if entry.error]
    assert "it is 200 MB large; the limit `entry_limit_mb` is 1" in error
    assert peak < 10_000_000


def test_a_file_larger_than_the_text_limit_alone(folder):
    (folder / "large.cif").write_text(CIF + "#" * 3_000_000)
    reason, message = refused(folder, max_text_mb=2)["large"]
    assert reason == Reason.UNREADABLE
    assert "raise structures: max_text_mb" in message


def test_a_link_to_nothing_is_an_entry(folder):
    (folder / "lost.cif").symlink_to(folder / "absent.cif")
    reason, message = refused(folder)["lost"]
    assert reason == Reason.UNREADABLE
    assert "cannot be read (FileNotFoundError" in message


@pytest.mark.parametrize("place", ["data", "columns", "before", "after brackets in a string"])
def test_deep_nesting_in_a_table_of_matbench(tmp_path, place):
    """The parser would need gigabytes for these hundred kilobytes."""
    deep = "[" * 50_000 + "]" * 50_000
    text = {
        "data": f'{{"columns": ["structure"], "data": [[{{}}], [{deep}]]}}',
        "columns": f'{{"columns": {deep}, "data": [[{{}}]]}}',
        "before": f'{{"x": {deep}, "columns": ["structure"], "data": [[{{}}]]}}',
        "after brackets in a string": f'{{"x": "{"]" * 50_000}", "y": {deep}}}',
    }[place]
    path = tmp_path / "raw.json"
    path.write_text(text)
    read = {"format": "matbench", "structure": "structure", "id_prefix": "m-", "labels": {}}
    spec = {"kind": "url", "sha256": "", "read": read, "licence": "", "citation": ""}
    with pytest.raises(SourceError, match=r"raw\.json has more than 100 brackets within brackets"):
        list(registry.entries("mine", spec, path))
