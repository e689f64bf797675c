import json

import pytest

from unlabelled.errors import SourceError
from unlabelled.sources import atom2vec, registry


def read(path, text):
    path.write_text(text)
    return list(atom2vec.entries("binaries", path))


def test_atomic_numbers_less_one_become_formulas(tmp_path):
    records = [{"2": 2.0, "15": 1.0}, {"87": 1.0, "16": 0.5}]
    found = read(tmp_path / "a.json", json.dumps({"names": records}))
    assert [entry.formula for entry in found] == ["Li2S1", "Ra1Cl0.5"]
    assert all(entry.error is None and entry.labels == {} for entry in found)


@pytest.mark.parametrize("record", [{"x": 1}, {"300": 1}, {"2": "many"}, [1, 2], None])
def test_one_strange_record_is_one_refused_entry(tmp_path, record):
    found = read(tmp_path / "a.json", json.dumps({"names": [{"0": 2, "7": 1}, record]}))
    assert [entry.formula for entry in found] == ["H2O1", ""]
    assert "is no composition" in found[1].error
    assert found[1].name == "row-2"


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"names": 3}'])
def test_another_file_is_an_error_that_names_it(tmp_path, text):
    with pytest.raises(SourceError, match=r"source 'binaries': .*a\.json is no list"):
        read(tmp_path / "a.json", text)


def test_the_registry_reads_it(tmp_path):
    spec = {"kind": "url", "read": {"format": "atom2vec"}}
    (tmp_path / "a.json").write_text('{"names": [{"10": 1, "16": 1}]}')
    (entry,) = registry.compositions("binaries", spec, tmp_path / "a.json")
    assert entry.formula == "Na1Cl1"
