import os
import time
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core.structure import Structure
from tests.structures.conftest import as_entry, rock_salt

from unlabelled import tables
from unlabelled.sources.entry import Entry
from unlabelled.structures import build as module
from unlabelled.structures.build import build
from unlabelled.structures.crystal import Crystal
from unlabelled.structures.parse import Limits, parse
from unlabelled.structures.schema import REJECTS, Reason, crystals
from unlabelled.structures.table import from_row, structures, to_row


def ids(path):
    return list(tables.read(path)["material_id"])


def test_tables_follow_their_schemas(run, salts):
    counts, accepted, rejected = run([*salts, Entry("bad", "?", "cif")])
    assert (counts.read, counts.accepted, dict(counts.rejected)) == (
        13,
        12,
        {Reason.UNREADABLE: 1},
    )
    schema = pq.read_schema(accepted)
    assert schema.equals(crystals({"gap": "eV"}))
    assert schema.field("gap").metadata[b"unit"] == b"eV"
    assert pq.read_schema(rejected).equals(REJECTS)
    assert tables.provenance(accepted) == tables.provenance(rejected) == {"source": "test"}
    [row] = tables.read(rejected).to_dict("records")
    assert (row["entry"], row["source"], row["stage"]) == ("bad", "test", "structures")
    table = tables.read(accepted)
    assert list(table["gap"]) == list(range(12))
    assert set(table["space_group"]) == {225}


def test_rejects_table_exists_when_nothing_is_refused(run, salts):
    _, _, rejected = run(salts)
    assert len(tables.read(rejected)) == 0


def test_nothing_to_read_gives_empty_tables(run):
    counts, accepted, rejected = run([], duplicates=True)
    assert counts.read == len(tables.read(accepted)) == len(tables.read(rejected)) == 0


def test_two_processes_give_the_same_files(run, salts, monkeypatch):
    monkeypatch.setattr(module, "_CHUNK", 2)
    entries = [*salts, replace(salts[3], name="copy"), Entry("bad", "?", "cif"), *salts[:2]]
    serial = run(entries, "serial", duplicates=True)
    parallel = run(entries, "parallel", processes=2, duplicates=True)
    assert serial[0] == parallel[0]
    for one, other in zip(serial[1:], parallel[1:], strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_duplicate_id(run, salts):
    other = replace(salts[1], name=salts[0].name)
    counts, accepted, rejected = run([salts[0], other])
    assert counts.rejected == {Reason.DUPLICATE_ID: 1}
    assert tables.read(accepted)["formula_reduced"].tolist() == ["LiF"]
    assert tables.read(rejected)["entry"].tolist() == [salts[0].name]


def test_missing_label_is_null_or_refused(run, salts):
    bare = replace(salts[0], labels={"gap": float("nan")})
    counts, accepted, _ = run([bare])
    assert pq.read_table(accepted)["gap"].null_count == 1
    counts, *_ = run([bare, salts[1]], required_label="gap")
    assert dict(counts.rejected) == {Reason.MISSING_LABEL: 1}


def test_names_that_are_not_utf8_are_kept_readable(run, salts):
    entries = [replace(salts[0], name="caf\udce9"), Entry("th\udce9", "\udce9", "cif")]
    _, accepted, rejected = run(entries)
    assert ids(accepted) == ["caf?"]
    assert list(tables.read(rejected)["entry"]) == ["th?"]


def test_unread_formulas_are_counted(run, salts):
    counts, *_ = run([replace(salts[0], formula="table salt"), salts[1]])
    assert (counts.accepted, counts.formulas_unread) == (2, 1)


@settings(max_examples=5, deadline=None)
@given(cuts=st.lists(st.tuples(st.integers(0, 900), st.integers(1, 200)), max_size=20))
def test_no_entry_disappears(tmp_path_factory, cuts):
    text = as_entry("salt", rock_salt(), "cif").text
    entries = [
        Entry(f"{i % 15}", text[:start] + text[start + length :], "cif")
        for i, (start, length) in enumerate(cuts)
    ]
    folder = tmp_path_factory.mktemp("conserved")
    counts = build(
        lambda: iter(entries),
        "test",
        {},
        folder / "crystals.parquet",
        folder / "rejects.parquet",
        max_sites=50,
        required_label=None,
        duplicates=True,
        processes=1,
        limit=None,
        seed=1,
        provenance={},
        max_text_mb=1,
        seconds_per_entry=60,
        memory_mb_per_entry=1000,
    )
    accepted, rejected = ids(folder / "crystals.parquet"), tables.read(folder / "rejects.parquet")
    assert counts.read == len(entries) == len(accepted) + len(rejected)
    assert sorted([*accepted, *rejected["entry"]]) == sorted(entry.name for entry in entries)


def die(entry, limits):
    if entry.name in {"NaF", "KI"}:
        os._exit(3)
    return parse(entry, limits)


def interruptible(entry, limits):
    if entry.name == "NaF":
        time.sleep(60)
    return parse(entry, limits)


def stuck(entry, limits):
    # The timer does not get through, as in compiled code.
    while entry.name == "NaF":
        with suppress(BaseException):
            while True:
                pass
    return parse(entry, limits)


def broken(entry, limits):
    if entry.name == "NaF":
        raise AssertionError("a fault of ours")
    return parse(entry, limits)


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize(
    ("replacement", "guilty", "message"),
    [
        (die, ["NaF", "KI"], "died"),
        (interruptible, ["NaF"], "not finished within 1 s"),
        (stuck, ["NaF"], "killed"),
        (broken, ["NaF"], "a fault of ours"),
    ],
)
def test_only_the_guilty_entry_is_refused(
    run, salts, monkeypatch, processes, replacement, guilty, message
):
    monkeypatch.setattr(module, "parse", replacement)
    monkeypatch.setattr(module, "_CHUNK", 3)
    counts, accepted, rejected = run(salts, processes=processes, seconds_per_entry=1)
    assert dict(counts.rejected) == {Reason.UNREADABLE: len(guilty)}
    assert ids(accepted) == [entry.name for entry in salts if entry.name not in guilty]
    refused = tables.read(rejected)
    assert list(refused["entry"]) == guilty
    assert refused["message"].str.contains(message).all()


def test_limit_is_a_deterministic_nested_subset_in_order(run, salts):
    names = [entry.name for entry in salts]
    counts, few, _ = run(salts, "few", limit=4)
    assert counts.read == 4
    _, again, _ = run(salts, "again", limit=4, processes=2)
    _, more, _ = run(salts, "more", limit=8)
    _, other, _ = run(salts, "other", limit=4, seed=8)
    assert ids(few) == ids(again) == [name for name in names if name in ids(few)]
    assert set(ids(few)) < set(ids(more))
    assert ids(other) != ids(few)
    assert run(salts, "all", limit=100)[0].read == 12


def test_failure_leaves_older_tables_as_they_were(run, salts):
    _, accepted, rejected = run(salts)
    before = accepted.read_bytes(), rejected.read_bytes()

    def failing():
        yield from salts[:3]
        raise RuntimeError("the archive is truncated")

    with pytest.raises(RuntimeError, match="truncated"):
        run(failing())
    assert (accepted.read_bytes(), rejected.read_bytes()) == before
    assert sorted(accepted.parent.iterdir()) == [accepted, rejected]


def test_required_label_must_be_a_column(run, salts):
    with pytest.raises(ValueError, match="band"):
        run(salts, required_label="band")


def test_rows_give_back_their_structures(run, salts):
    crystal = parse(salts[5], Limits(max_sites=50, max_text_mb=1))
    assert isinstance(crystal, Crystal)
    original = rock_salt(5.5, "Na", "Cl")
    assert from_row(to_row(crystal, "test")) == original
    _, accepted, _ = run(salts)
    streamed = dict(structures(accepted, batch_size=5))
    assert list(streamed) == [entry.name for entry in salts]
    assert isinstance(streamed["NaCl"], Structure)
    assert streamed["NaCl"] == original
    assert np.array_equal(streamed["NaCl"].lattice.matrix, original.lattice.matrix)
