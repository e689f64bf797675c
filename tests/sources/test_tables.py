import csv
import gzip
import io
import json
import logging

import pytest

from unlabelled.errors import SourceError
from unlabelled.sources import tables

READ = {
    "format": "csv",
    "id": "material_id",
    "structure": "cif",
    "structure_format": "cif",
    "formula": "formula",
    "labels": {"band_gap": {"column": "Eg", "unit": "eV"}},
}
CIF = 'data_x\n_cell_length_a "3, or so"\n'


def text(rows, header=("material_id", "formula", "Eg", "cif")):
    buffer = io.StringIO()
    csv.writer(buffer).writerows([header, *rows])
    return buffer.getvalue()


def read(tmp_path, content, **changes):
    path = tmp_path / "raw"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(tables.csv_entries("mine", {**READ, **changes}, path))


def test_rows(tmp_path):
    content = text([["mp-1", "NaN", "1.5", CIF], ["mp-2", "", "", CIF]])
    for data in (content, "# ref: a paper, 2015\n" + content, gzip.compress(content.encode())):
        first, second = read(tmp_path, data)
        assert (first.name, first.text, first.format) == ("mp-1", CIF, "cif")
        assert first.formula == "NaN"
        assert first.labels == {"band_gap": 1.5}
        assert second.formula is None
        assert second.labels == {"band_gap": None}


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path):
    (entry,) = read(tmp_path, b"\xef\xbb\xbf" + text([["mp-1", "Si", "1", CIF]]).encode())
    assert entry.name == "mp-1"


def test_long_cells(tmp_path):
    (entry,) = read(tmp_path, text([["mp-1", "Si", "1", "x" * 1_000_000]]))
    assert len(entry.text) == 1_000_000


def test_an_index_column_without_a_name(tmp_path):
    content = text([["7", "mp-1", "Si", "1", CIF], ["8", "mp-2", "Si", "2", CIF]])
    assert [(entry.name, entry.labels["band_gap"]) for entry in read(tmp_path, content)] == [
        ("mp-1", 1.0),
        ("mp-2", 2.0),
    ]


def test_a_formula_written_as_a_dictionary(tmp_path):
    (entry,) = read(tmp_path, text([["mp-1", "{'S': 1.0, 'Hf': 2.5}", "1", CIF]]))
    assert entry.formula == "S1Hf2.5"


def test_rows_with_faults_stay_visible(tmp_path):
    content = text([["mp-1", "Si", "1", CIF], ["mp-2", "Si"], ["", "Si", "1", CIF]])
    content += text([["mp-4", "Si", "1", "  "]]).partition("\n")[2]
    errors = {entry.name: entry.error for entry in read(tmp_path, content)}
    assert errors == {
        "mp-1": None,
        "mp-2": "the row has 2 cells, the header 4",
        "row-3": "the row has nothing in the column 'material_id'",
        "mp-4": "the row has nothing in the column 'cif'",
    }


def test_values_that_are_no_numbers_are_counted(tmp_path, caplog):
    rows = [[f"mp-{value}", "Si", value, CIF] for value in ("nan", "inf", "?", "1e3")]
    with caplog.at_level(logging.WARNING):
        found = read(tmp_path, text(rows))
    assert [entry.labels["band_gap"] for entry in found] == [None, None, None, 1000.0]
    assert "3 values of the column 'Eg'" in caplog.text


def test_missing_columns(tmp_path):
    with pytest.raises(SourceError, match=r"no column 'ciff'; did you mean 'cif'\?"):
        read(tmp_path, text([]), structure="ciff")
    with pytest.raises(SourceError, match="no column 'material_id'"):
        read(tmp_path, "")
    with pytest.raises(SourceError, match="the column 'Eg' more than once"):
        read(tmp_path, text([], ("material_id", "formula", "Eg", "cif", "Eg")))


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_another_delimiter(tmp_path, delimiter):
    content = text([["mp-1", "Si", "1", "x"]]).replace(",", delimiter)
    with pytest.raises(SourceError, match=r"raw has no column 'material_id'; .*its columns are"):
        read(tmp_path, content)


def test_no_header(tmp_path):
    with pytest.raises(SourceError, match=r"no column 'material_id'; its columns are: 'mp-1'"):
        read(tmp_path, "mp-1,Si,1,x\nmp-2,Si,1,x\n")


def test_labels_beyond_single_precision_are_missing(tmp_path, caplog):
    rows = [[f"mp-{value}", "Si", value, CIF] for value in ("1e300", "-1e39", "9" * 400, "3e38")]
    with caplog.at_level(logging.WARNING):
        found = read(tmp_path, text(rows))
    assert [entry.labels["band_gap"] for entry in found] == [None, None, None, 3e38]
    assert "3 values of the column 'Eg'" in caplog.text


def test_whole_numbers_too_large_for_any_float_are_missing(tmp_path):
    path = tmp_path / "raw"
    path.write_text(
        '{"material_id": "mp-1", "structure": {"sites": []}, "Eg": 1' + "0" * 400 + "}\n"
    )
    [entry] = tables.json_lines_entries("mine", READ["labels"], path)
    assert entry.labels == {"band_gap": None}


def test_long_lines_and_cells_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "FIELD_LIMIT", 1000)
    good = text([["mp-1", "Si", "1", CIF]])
    with pytest.raises(SourceError, match=r"line 5 of .*raw has more than 1000 characters"):
        read(tmp_path, good + "mp-2,Si,1," + "x" * 1000)
    with pytest.raises(SourceError, match=r"field larger than field limit \(1000\), after 1 rows"):
        read(tmp_path, good + 'mp-2,Si,1,"' + "x\n" * 600 + '"')
    path = tmp_path / "lines"
    path.write_text("x" * 2000)
    with pytest.raises(SourceError, match=r"line 1 of .*lines has more than 1000 characters"):
        list(tables.json_lines_entries("mine", {}, path))


@pytest.mark.parametrize(
    "formula",
    [
        *("{" + "-" * 990 + "1}", "{" + "(" * 990 + "}", "{'Na': 1" + "0" * 400 + "}"),
        *("{" * 5000, "{'Na': [1]}", "{1}", "{'Na': 1" + "+1" * 480 + "}", "{__import__('os'): 1}"),
    ],
)
def test_dictionaries_that_are_no_formulas_stay_as_they_are(tmp_path, formula):
    [entry] = read(tmp_path, text([["mp-1", formula, "1", CIF]]))
    assert entry.formula == formula


def test_an_open_quote_does_not_swallow_the_rest(tmp_path):
    content = text([["mp-1", "Si", "1", CIF]]) + 'mp-2,Si,1,"open\nmp-3,Si,1,x\n'
    with pytest.raises(SourceError, match="unexpected end of data"):
        read(tmp_path, content)


def test_files_that_are_no_tables(tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        list(tables.csv_entries("mine", READ, tmp_path / "absent"))
    with pytest.raises(SourceError, match="cannot be read"):
        read(tmp_path, gzip.compress(text([["mp-1", "Si", "1", CIF]]).encode())[:-12])
    with pytest.raises(SourceError, match="cannot be read"):
        read(tmp_path, text([["mp-1", "Si", "1", "x"]]).encode() + b"\xff")
    zipped = gzip.compress(text([["mp-1", "Si", "1", CIF]]).encode())
    with pytest.raises(SourceError, match="cannot be read"):
        read(tmp_path, zipped[:10] + b"\xff\xff\xff\xff" + zipped[14:])


def test_json_lines(tmp_path):
    path = tmp_path / "raw"
    structure = {"sites": [], "lattice": {"a": 1.0}}
    lines = [
        {"material_id": "mp-1", "structure": structure, "Eg": 1.5},
        {"material_id": "mp-2", "structure": None, "Eg": None},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    first, second = tables.json_lines_entries("mine", READ["labels"], path)
    assert (first.name, first.format, first.labels) == ("mp-1", "structure_dict", {"band_gap": 1.5})
    assert json.loads(first.text) == structure
    assert second.error == "the source has no structure"
    path.write_text('{"material_id": "mp-1"}\n')
    with pytest.raises(SourceError, match="line 1 of"):
        list(tables.json_lines_entries("mine", READ["labels"], path))
    path.write_text("[" * 200_000)
    with pytest.raises(SourceError, match=r"line 1 of .*RecursionError"):
        list(tables.json_lines_entries("mine", READ["labels"], path))
