"""Tables with one crystal or composition per row: CSV, JSON lines, matbench's JSON; streamed."""

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import Any

import ijson
import numpy as np

from unlabelled import tables
from unlabelled.errors import SourceError, UserError
from unlabelled.literals import python_literal
from unlabelled.sources.entry import Entry, FormulaEntry
from unlabelled.sources.labels import LabelReader, require_columns
from unlabelled.sources.specification import CsvRead, LabelSpec, MatbenchRead

# Characters in one cell, and in one line, which are read whole. Python's own limit is 131,072.
FIELD_LIMIT = 50_000_000
FORMULA_LIMIT = 1000  # characters of a formula written as a dictionary
MAX_NESTING = 100  # brackets of JSON; a structure has some ten
_GZIP_MAGIC = b"\x1f\x8b"


def csv_entries(name: str, read: CsvRead, path: str | Path) -> Iterator[Entry]:
    """Yield the crystals of a table of comma-separated values.

    Parameters
    ----------
    name
        Name of the source, for messages.
    read
        The columns.
    path
        The table in UTF-8, gzipped or not. Lines before the header that start with ``#`` are
        comments.

    Raises
    ------
    SourceError
        If the file is missing, is no such table or lacks a column.
    """
    path = Path(path)
    labels = LabelReader(name, read["labels"])
    formula = [read["formula"]] if "formula" in read else []
    needed = [read["id"], read["structure"], *formula, *labels.columns.values()]
    for number, row, fault in _csv_rows(name, path, needed):
        yield _row_entry(number, row, fault, read, labels)
    labels.log_faults()


def composition_entries(
    name: str, formula: str, labels: Mapping[str, LabelSpec], path: str | Path
) -> Iterator[FormulaEntry]:
    """Yield the compositions of a table.

    Parameters
    ----------
    name
        Name of the source, for messages.
    formula
        Column with the formula.
    labels
        Column and unit by label name.
    path
        Parquet (by its suffix), or comma-separated values as in :func:`csv_entries`. Cells of the
        latter are text as it stands: NaN is sodium nitride.

    Raises
    ------
    SourceError
        If the file is missing, is no such table or lacks a column.
    """
    path = Path(path)
    reader = LabelReader(name, labels)
    rows = _parquet_rows if path.suffix == ".parquet" else _csv_rows
    for number, row, fault in rows(name, path, [formula, *reader.columns.values()]):
        cell = row.get(formula)
        text = "" if cell is None else str(cell).strip()
        error = fault or (None if text else f"the row has nothing in the column {formula!r}")
        entry = text or f"row-{number}"
        yield FormulaEntry(text, reader.read(entry, {} if error else row), error, entry)
    reader.log_faults()


def json_lines_entries(
    name: str, labels: Mapping[str, LabelSpec], path: str | Path
) -> Iterator[Entry]:
    """Yield the crystals that :mod:`unlabelled.sources.materials_project` wrote.

    Parameters
    ----------
    name
        Name of the source, for messages.
    labels
        Column and unit by label name.
    path
        JSON lines with ``material_id``, ``structure`` and the label columns.

    Raises
    ------
    SourceError
        If the file is missing or a line is not such a JSON object.
    """
    path = Path(path)
    reader = LabelReader(name, labels)
    with _text(name, path) as file:
        for number, line in enumerate(_lines(name, path, file), start=1):
            try:
                material = json.loads(line)
                entry, structure = str(material["material_id"]), material["structure"]
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                raise SourceError(
                    f"source {name!r}: line {number} of {path} is not a material in JSON "
                    f"({type(error).__name__}: {error}); delete the file and fetch it again"
                ) from error
            yield Entry(
                entry,
                json.dumps(structure),
                "structure_dict",
                reader.read(entry, material),
                error=None if structure else "the source has no structure",
            )
    reader.log_faults()


def matbench_entries(name: str, read: MatbenchRead, path: str | Path) -> Iterator[Entry]:
    """Yield the crystals of a table of matbench, under the identifiers of matbench v0.1.

    Parameters
    ----------
    name
        Name of the source, for messages.
    read
        The columns, and the beginning of the identifiers.
    path
        The table as matminer writes it, gzipped or not: a JSON object with the keys ``columns``
        and ``data``, in any order.

    Raises
    ------
    SourceError
        If the file is missing, is no such table, has no rows or lacks a column.
    """
    path = Path(path)
    labels = LabelReader(name, read["labels"])
    number = 0
    try:
        columns = _matbench_columns(name, path)
        require_columns(name, path, [read["structure"], *labels.columns.values()], columns)
        with _binary(name, path) as file:
            shallow = _Shallow(name, path, file)
            rows = ijson.items(shallow, "data.item", use_float=True)
            for number, cells in enumerate(rows, start=1):
                yield _matbench_entry(number, columns, cells, read, labels)
    except ijson.JSONError as error:
        fault = str(error).partition("\n")[0]
        raise SourceError(
            f"source {name!r}: {path} is not a table in JSON ({fault}, after {number} rows); "
            "correct `read` or fetch it again"
        ) from error
    if not number:
        raise SourceError(f"source {name!r}: {path} has no rows under 'data'; fetch it again")
    labels.log_faults()


def _matbench_columns(name: str, path: Path) -> list[str]:
    """Return the column names, which need not stand before the rows."""
    with _binary(name, path) as file:
        columns = next(ijson.items(_Shallow(name, path, file), "columns"), None)
    if not isinstance(columns, list):
        raise SourceError(
            f"source {name!r}: {path} has no list of names under 'columns', so it is no table of "
            "matbench; correct `read` or fetch it again"
        )
    return list(map(str, columns))


def _matbench_entry(
    number: int, columns: list[str], cells: Any, read: MatbenchRead, labels: LabelReader
) -> Entry:
    entry = f"{read['id_prefix']}-{number:06d}"
    nothing = dict.fromkeys(labels.columns)
    if not isinstance(cells, list) or len(cells) != len(columns):
        found = f"{len(cells)} cells" if isinstance(cells, list) else "no list of cells"
        error = f"the row has {found}, the header {len(columns)}"
        return Entry(entry, "", "structure_dict", nothing, error=error)
    row = dict(zip(columns, cells, strict=True))
    structure = row[read["structure"]]
    if structure is None:
        error = f"the row has nothing in the column {read['structure']!r}"
        return Entry(entry, "", "structure_dict", nothing, error=error)
    return Entry(entry, json.dumps(structure), "structure_dict", labels.read(entry, row))


class _Shallow:
    """A file of JSON that is refused where it nests deeper than any table.

    The streaming parser keeps the path to every level, so its memory grows as the square of their
    number.
    """

    # the end of one that goes on is that of the data, within an escape or not
    _STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+("|\\?\Z)', re.DOTALL)
    _STEPS = np.zeros(256, np.int64)
    _STEPS[list(b"[{")] = 1
    _STEPS[list(b"]}")] = -1

    def __init__(self, name: str, path: Path, file: gzip.GzipFile | io.BufferedReader) -> None:
        self._place = f"source {name!r}: {path}"
        self._file = file
        self._depth = 0
        self._unfinished = b""  # the string that goes on, as far as it matters

    def read(self, size: int = -1) -> bytes:
        """Read as any file."""
        data = self._file.read(size)
        if data:
            text, self._unfinished = self._unfinished + data, b""
            outside = self._STRING.sub(self._cut_out, text)
            steps = self._STEPS[np.frombuffer(outside, np.uint8)]
            depths = self._depth + np.append(0, steps).cumsum()
            if depths.max() > MAX_NESTING:
                raise SourceError(
                    f"{self._place} has more than {MAX_NESTING} brackets within brackets, so it is "
                    "no table; correct `read` or fetch it again"
                )
            self._depth = int(depths[-1])
        return data

    def _cut_out(self, string: re.Match[bytes]) -> bytes:
        self._unfinished = b"" if string[1] == b'"' else b'"' + string[1]
        return b""


def _csv_rows(
    name: str, path: Path, needed: list[str]
) -> Iterator[tuple[int, dict[str, str], str | None]]:
    """Yield number, cells by column, and what is wrong with it, of every row that is not empty."""
    csv.field_size_limit(FIELD_LIMIT)
    number = 0
    with _text(name, path) as file:
        try:
            rows: Iterator[list[str]] = csv.reader(
                _after_comments(_lines(name, path, file)), strict=True
            )
            header, rows = _with_index(next(rows, []), rows)
            require_columns(name, path, needed, header)
            for number, cells in enumerate(rows, start=1):
                fault = None
                if len(cells) != len(header):
                    fault = f"the row has {len(cells)} cells, the header {len(header)}"
                if cells:
                    yield number, dict(zip(header, cells, strict=False)), fault
        except csv.Error as error:
            raise SourceError(
                f"source {name!r}: {path} is not a table of comma-separated values: {error}, after "
                f"{number} rows; correct that row or write the table anew"
            ) from error


def _parquet_rows(
    name: str, path: Path, needed: list[str]
) -> Iterator[tuple[int, dict[str, Any], str | None]]:
    try:
        frame = tables.read_own(path)
    except UserError as error:
        raise SourceError(f"source {name!r}: {error}; correct `path`") from error
    require_columns(name, path, needed, map(str, frame.columns))
    for number, cells in enumerate(frame[needed].itertuples(index=False, name=None), start=1):
        yield number, dict(zip(needed, cells, strict=True)), None


def _row_entry(
    number: int, row: Mapping[str, str], error: str | None, read: CsvRead, labels: LabelReader
) -> Entry:
    entry = row.get(read["id"], "").strip()
    text = row.get(read["structure"], "")
    if error is None and not entry:
        error = f"the row has nothing in the column {read['id']!r}"
    elif error is None and not text.strip():
        error = f"the row has nothing in the column {read['structure']!r}"
    entry = entry or f"row-{number}"
    if error:
        nothing = dict.fromkeys(labels.columns)
        return Entry(entry, "", read["structure_format"], nothing, error=error)
    formula = row[read["formula"]].strip() if "formula" in read else ""
    return Entry(
        entry, text, read["structure_format"], labels.read(entry, row), _formula(formula) or None
    )


def _with_index(
    header: list[str], rows: Iterator[list[str]]
) -> tuple[list[str], Iterator[list[str]]]:
    """Return header and rows of equal length where only the header lacks the leading index.

    Some tables were written with an index column that has no name, not even an empty one.
    """
    first = next(rows, None)
    if first is None:
        return header, rows
    if len(first) == len(header) + 1:
        header = ["", *header]
    return header, chain([first], rows)


def _formula(text: str) -> str:
    """Return a formula; one table states it as a dictionary of amounts by element."""
    if not text.startswith("{"):
        return text
    try:
        amounts = python_literal(text, FORMULA_LIMIT)
        return "".join(f"{element}{float(amount):g}" for element, amount in amounts.items())
    except (ValueError, TypeError, AttributeError, OverflowError):
        return text  # the structures stage says that this is no formula


def _lines(name: str, path: Path, file: io.TextIOBase) -> Iterator[str]:
    for number in count(1):
        line = file.readline(FIELD_LIMIT + 1)
        if len(line) > FIELD_LIMIT:
            raise SourceError(
                f"source {name!r}: line {number} of {path} has more than {FIELD_LIMIT} characters; "
                "it is no row of a table: correct or remove it"
            )
        if not line:
            return
        yield line


def _after_comments(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if not line.startswith("#"):
            yield line
            break
    yield from lines


@contextmanager
def _text(name: str, path: Path) -> Iterator[io.TextIOBase]:
    with _binary(name, path) as file:
        yield io.TextIOWrapper(file, encoding="utf-8-sig", newline="")


@contextmanager
def _binary(name: str, path: Path) -> Iterator[gzip.GzipFile | io.BufferedReader]:
    try:
        with path.open("rb") as start:
            zipped = start.read(2) == _GZIP_MAGIC
        opener = gzip.open if zipped else open
        with opener(path, "rb") as file:
            yield file
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise SourceError(
            f"source {name!r}: {path} cannot be read ({type(error).__name__}: {error}); "
            "fetch it again"
        ) from error
