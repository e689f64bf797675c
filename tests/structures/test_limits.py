"""What an entry may take: text, memory and time, whatever is in it."""

import numpy as np
import pytest
from tests.structures.conftest import as_entry, rock_salt

from unlabelled import tables
from unlabelled.sources.entry import Entry
from unlabelled.structures import build as module
from unlabelled.structures import parse as parsing
from unlabelled.structures.parse import MAX_LITERAL, parse
from unlabelled.structures.schema import MAX_NAME, Reason


def refused(rejects):
    table = tables.read(rejects)
    assert set(table["reason"]) == {Reason.UNREADABLE}
    return dict(zip(table["entry"], table["message"], strict=True))


def test_a_larger_text_is_refused_before_it_is_parsed(run, salts, monkeypatch):
    def reader(text, max_sites):
        pytest.fail("it was parsed")

    monkeypatch.setitem(parsing._READERS, "cif", reader)
    entries = [salts[0], Entry("long", "x" * 30_001, "cif")]
    counts, _, rejects = run(entries, max_text_mb=0.03)
    assert counts.accepted == 1
    message = refused(rejects)["long"]
    assert "30001 characters, more than 0.03 million" in message
    assert "raise structures: max_text_mb" in message


def test_a_long_identifier_is_refused_and_shortened(run, salts):
    counts, _, rejects = run([Entry("x" * 100_000, salts[0].text, "structure_dict"), salts[1]])
    assert counts.accepted == 1
    [(name, message)] = refused(rejects).items()
    assert len(name) == MAX_NAME
    assert "100000 characters" in message


def test_a_long_python_literal_is_refused(run):
    text = repr(rock_salt().as_dict() | {"note": 'say "salt"' + "t" * MAX_LITERAL})
    _, _, rejects = run([Entry("long", text, "structure_dict")])
    assert "write it in JSON" in refused(rejects)["long"]


def test_literals_that_nest_too_deeply_are_refused(run):
    texts = ["-" * 5_000 + "1", "(" * 5_000, "'" + "[" * 5_000, "+".join("1" * 5_000)]
    entries = [Entry(str(i), text, "structure_dict") for i, text in enumerate(texts)]
    _, _, rejects = run(entries)
    assert all("no Python literal" in message for message in refused(rejects).values())


def hungry(entry, limits):
    if entry.name == "NaF":
        np.ones(400_000_000, np.uint8)
    if entry.name == "KI":
        [str(number) for number in range(30_000_000)]  # many small objects
    return parse(entry, limits)


@pytest.mark.parametrize("processes", [1, 2])
def test_memory_is_limited_for_each_entry(run, salts, monkeypatch, processes):
    monkeypatch.setattr(module, "parse", hungry)
    counts, accepted, rejects = run(salts, processes=processes, memory_mb_per_entry=200)
    messages = refused(rejects)
    assert set(messages) == {"NaF", "KI"}
    assert all("more than 200 MB, the memory per entry" in one for one in messages.values())
    assert counts.accepted == len(tables.read(accepted)) == len(salts) - 2
    _, _, rejects = run(salts, "more", processes=processes, memory_mb_per_entry=600)
    assert set(refused(rejects)) == {"KI"}


def test_the_limit_does_not_count_what_a_process_had_before(run, salts, monkeypatch):
    kept = []

    def keeping(entry, limits):
        kept.append(np.ones(50_000_000, np.uint8))
        return parse(entry, limits)

    monkeypatch.setattr(module, "parse", keeping)
    assert run(salts, memory_mb_per_entry=100)[0].accepted == len(salts)


def test_many_sites_at_almost_one_place_end_within_the_limits(run, salts):
    text = as_entry("salt", rock_salt(), "cif").text
    rows = np.random.default_rng(0).uniform(0.1, 0.1009, (60_000, 3))
    many = "\n".join(
        f"  Na  Na{i}  1  {x:.8f}  {y:.8f}  {z:.8f}  1" for i, (x, y, z) in enumerate(rows)
    )
    entries = [Entry("many", text + many, "cif"), salts[0]]
    counts, _, rejects = run(entries, seconds_per_entry=30, memory_mb_per_entry=500)
    assert counts.accepted == 1
    assert "more than 500 MB" in refused(rejects)["many"]
