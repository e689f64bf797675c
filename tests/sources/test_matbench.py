"""Tables in the form in which matminer publishes those of matbench."""

import gzip
import hashlib
import io
import json
import logging
import tracemalloc
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unlabelled.errors import SourceError
from unlabelled.sources import catalogue, registry, tables
from unlabelled.sources.fetch import fetch
from unlabelled.structures.crystal import Crystal
from unlabelled.structures.parse import Limits, Reject, parse

READ = {
    "format": "matbench",
    "structure": "structure",
    "id_prefix": "mb-mp-gap",
    "labels": {"band_gap": {"column": "gap pbe", "unit": "eV"}},
}
A = 5.6402123456789012


def site(symbol, abc):
    species = [{"element": symbol, "occu": 1}]
    xyz = [A * x for x in abc]
    return {"species": species, "abc": abc, "xyz": xyz, "label": symbol, "properties": {}}


# As pymatgen wrote it in 2019: no periodicity of the lattice, no properties of the structure.
STRUCTURE = {
    "@module": "pymatgen.core.structure",
    "@class": "Structure",
    "charge": None,
    "lattice": {
        "matrix": [[A, 0.0, 0.0], [0.0, A, 0.0], [0.0, 0.0, A]],
        "a": A,
        "b": A,
        "c": A,
        "alpha": 90.0,
        "beta": 90.0,
        "gamma": 90.0,
        "volume": A**3,
    },
    "sites": [site("Cs", [0.0, 0.0, 0.0]), site("Cl", [0.5, 0.5, 0.5])],
}


def frame(rows, columns=("structure", "gap pbe")):
    return {"index": list(range(len(rows))), "columns": list(columns), "data": rows}


def published(rows, columns=("structure", "gap pbe")):
    return gzip.compress(json.dumps(frame(rows, columns)).encode(), mtime=0)


def read(tmp_path, content, **changes):
    path = tmp_path / "raw"
    path.write_bytes(content)
    return list(tables.matbench_entries("mine", {**READ, **changes}, path))


def depth(document):
    if isinstance(document, dict):
        document = document.values()
    elif not isinstance(document, list):
        return 0
    return 1 + max(map(depth, document), default=0)


TEXTS = st.text('[]{}"\\n')
DOCUMENTS = st.recursive(TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner))


@given(DOCUMENTS, st.integers(1, 9))
def test_depth_is_that_of_brackets_outside_of_strings(document, size):
    text = json.dumps(document).encode()

    def whole(limit):
        with mock.patch.object(tables, "MAX_NESTING", limit):
            file = tables._Shallow("mine", "x", io.BytesIO(text))
            return b"".join(iter(lambda: file.read(size), b""))

    deepest = depth(document)
    assert whole(deepest) == text
    if deepest:
        with pytest.raises(SourceError, match="brackets within brackets"):
            whole(deepest - 1)


def test_rows(tmp_path):
    rows = [[STRUCTURE, 1.5], [STRUCTURE, 0], [STRUCTURE, 0.1 + 0.2]]
    plain = json.dumps(frame(rows)).encode()
    for content in (plain, gzip.compress(plain)):
        entries = read(tmp_path, content)
        names = ["mb-mp-gap-000001", "mb-mp-gap-000002", "mb-mp-gap-000003"]
        assert [entry.name for entry in entries] == names
        assert [entry.labels["band_gap"] for entry in entries] == [1.5, 0.0, 0.1 + 0.2]
        for entry in entries:
            assert entry.format == "structure_dict"
            assert entry.error is None
            assert json.loads(entry.text) == STRUCTURE  # every digit


def test_the_order_of_columns_and_keys_is_free(tmp_path):
    swapped = frame([[1.5, STRUCTURE], [2.5, STRUCTURE]], ["gap pbe", "structure"])
    for keys in (("index", "columns", "data"), ("data", "index", "columns")):
        content = json.dumps({key: swapped[key] for key in keys}).encode()
        entries = read(tmp_path, content)
        assert [entry.labels["band_gap"] for entry in entries] == [1.5, 2.5]
        assert all(json.loads(entry.text) == STRUCTURE for entry in entries)


def test_rows_become_crystals_or_rejects(tmp_path):
    rows = [[STRUCTURE, 1.5], [STRUCTURE, None], [None, 1.5], [STRUCTURE], 7, ["no dictionary", 1]]
    limits = Limits(max_sites=50, max_text_mb=1, required_label="band_gap")
    crystal, *rejects = [parse(entry, limits) for entry in read(tmp_path, published(rows))]
    assert isinstance(crystal, Crystal)
    assert (crystal.formula_reduced, crystal.space_group) == ("CsCl", 221)
    assert crystal.labels == {"band_gap": 1.5}
    assert all(isinstance(reject, Reject) for reject in rejects)
    assert [(reject.name, str(reject.reason), reject.message) for reject in rejects] == [
        ("mb-mp-gap-000002", "missing label", "band_gap is None"),
        ("mb-mp-gap-000003", "unreadable", "the row has nothing in the column 'structure'"),
        ("mb-mp-gap-000004", "unreadable", "the row has 1 cells, the header 2"),
        ("mb-mp-gap-000005", "unreadable", "the row has no list of cells, the header 2"),
        ("mb-mp-gap-000006", "unreadable", rejects[4].message),
    ]


def test_values_that_are_no_numbers_are_counted(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        (entry,) = read(tmp_path, published([[STRUCTURE, "wide"]]))
    assert entry.labels == {"band_gap": None}
    assert "1 values of the column 'gap pbe'" in caplog.text


def test_missing_columns(tmp_path):
    with pytest.raises(SourceError, match=r"raw has no column 'gap pbe'; did you mean 'gap_pbe'\?"):
        read(tmp_path, published([[STRUCTURE, 1.5]], ["structure", "gap_pbe"]))
    with pytest.raises(SourceError, match="no column 'cif'"):
        read(tmp_path, published([[STRUCTURE, 1.5]]), structure="cif")
    for document in ({"index": [0], "data": [[STRUCTURE, 1.5]]}, {"columns": "x"}, [STRUCTURE]):
        with pytest.raises(SourceError, match=r"'mine': .*raw has no list of names .* 'columns'"):
            read(tmp_path, json.dumps(document).encode())


@pytest.mark.parametrize("document", [frame([]), {"columns": ["structure", "gap pbe"]}])
def test_no_rows(tmp_path, document):
    with pytest.raises(SourceError, match=r"'mine': .*raw has no rows under 'data'; fetch it"):
        read(tmp_path, json.dumps(document).encode())


def test_files_that_are_no_tables(tmp_path):
    with pytest.raises(SourceError, match=r"'mine': .*absent cannot be read .*; fetch it again"):
        list(tables.matbench_entries("mine", READ, tmp_path / "absent"))
    plain = json.dumps(frame([[STRUCTURE, 1.5]] * 3)).encode()
    broken = plain.replace(b"1.5]]", b"NaN]]")
    for content, fault in (
        (b"", "premature EOF, after 0 rows"),
        (b"<html>", r"invalid char in json text\., after 0 rows"),
        (plain[:-2], "premature EOF, after 3 rows"),
        (broken, r"invalid char in json text\., after 2 rows"),
        (plain + b"x", "trailing garbage, after 3 rows"),
        (plain.replace(b"Cs", b"\xff\xff"), "invalid bytes in UTF8"),
    ):
        with pytest.raises(SourceError, match=f"'mine': .*raw is not a table in JSON .*{fault}"):
            read(tmp_path, content)


def test_damaged_compression(tmp_path):
    whole = published([[{**STRUCTURE, "number": number}, 1.5] for number in range(2000)])
    middle = len(whole) // 2
    damaged = whole[:middle] + b"\xff" * 100 + whole[middle + 100 :]
    for content, fault in (
        (whole[:middle], "cannot be read"),
        (whole[:-8], "cannot be read"),
        (damaged, "(cannot be read|is not a table in JSON)"),  # whichever is noticed first
    ):
        with pytest.raises(SourceError, match=f"'mine': .*raw {fault} .*fetch it again"):
            read(tmp_path, content)


def peak(path):
    tracemalloc.start()
    try:
        rows = sum(1 for _ in tables.matbench_entries("mine", READ, path))
        return rows, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_rows(tmp_path):
    path = tmp_path / "raw"
    large = {**STRUCTURE, "sites": STRUCTURE["sites"] * 8}
    peaks = []
    for rows in (60, 600):
        path.write_bytes(published([[large, 1.5]] * rows))
        found, memory = peak(path)
        assert found == rows
        peaks.append(memory)
    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[1] < 600 * len(json.dumps(large))


@pytest.mark.parametrize(
    ("name", "label", "column", "first"),
    [
        ("matbench_mp_e_form", "formation_energy_per_atom", "e_form", "mb-mp-e-form-000001"),
        ("matbench_mp_gap", "band_gap", "gap pbe", "mb-mp-gap-000001"),
    ],
)
@pytest.mark.parametrize("way", ["address", "mirror"])
def test_registered_tables_from_file_to_labels(
    server, sources_file, schema, tmp_path, name, label, column, first, way
):
    spec = catalogue.load(sources_file, schema)[name]
    assert spec["url"] == f"https://ml.materialsproject.org/projects/{name}.json.gz"
    content = published([[STRUCTURE, -1.23], [STRUCTURE, 0.5]], ["structure", column])
    here = {**spec, "sha256": hashlib.sha256(content).hexdigest()}
    mirrors = []
    if way == "address":
        server.content = content
        here["url"] = server.url
    else:
        (tmp_path / f"{name}.json.gz").write_bytes(content)
        mirrors = [str(tmp_path)]
    raw = tmp_path / "fetched" / "raw"
    fetch(name, here, raw, mirrors)
    entries = list(registry.entries(name, here, raw))
    assert entries[0].name == first
    assert [entry.labels for entry in entries] == [{label: -1.23}, {label: 0.5}]
    assert all(isinstance(parse(entry, Limits(50, 1, label)), Crystal) for entry in entries)
    assert len(server.requests) == (1 if way == "address" else 0)
