"""Property values: numbers out of table cells, and the user's own label tables."""

import difflib
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from unlabelled import tables
from unlabelled.errors import SourceError, UserError
from unlabelled.sources.specification import LabelSpec, LabelTableSpec

_LARGEST = float(np.finfo(np.float32).max)

log = logging.getLogger(__name__)


def require_columns(name: str, path: Path, needed: Iterable[str], known: Iterable[str]) -> None:
    """Check that a table has the columns it is read by, each once.

    Raises
    ------
    SourceError
        Naming the columns there are, and the nearest one.
    """
    known = list(known)
    for column in needed:
        if column not in known:
            near = difflib.get_close_matches(column, known, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise SourceError(
                f"source {name!r}: {path} has no column {column!r}; {hint}"
                f"its columns are: {', '.join(map(repr, known))}"
            )
        if known.count(column) > 1:
            raise SourceError(
                f"source {name!r}: {path} has the column {column!r} more than once; rename one"
            )


class LabelReader:
    """Turn the label columns of a table into numbers, and keep count of what is none.

    Parameters
    ----------
    name
        Name of the source, for the log.
    labels
        Column and unit by label name.
    """

    def __init__(self, name: str, labels: Mapping[str, LabelSpec]) -> None:
        self.name = name
        self.columns = {label: spec["column"] for label, spec in labels.items()}
        self._faults: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def read(self, entry: str, row: Mapping[str, Any]) -> dict[str, float | None]:
        """Return the labels of one crystal; ``None`` where there is no finite number.

        What is beyond single precision, in which labels are learnt, counts as infinite.
        """
        return {
            label: self._number(entry, label, row.get(column))
            for label, column in self.columns.items()
        }

    def log_faults(self) -> None:
        """Log how many values were there but were not finite numbers."""
        for label, count in self._faults.items():
            log.warning(
                "source %r: %d values of the column %r are not finite numbers and count as "
                "missing; the first is %s",
                self.name,
                count,
                self.columns[label],
                self._examples[label],
            )

    def _number(self, entry: str, label: str, value: Any) -> float | None:
        if value is None or str(value).strip() == "":
            return None
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = float("nan")
        if abs(number) <= _LARGEST:  # nan is not
            return number
        self._faults[label] += 1
        self._examples.setdefault(label, f"{str(value)[:100]!r} of {entry[:100]!r}")
        return None


def label_table(name: str, spec: LabelTableSpec) -> dict[str, dict[str, float | None]]:
    """Read a label table.

    Parameters
    ----------
    name
        Name of the source, for messages.
    spec
        Path, identifier column and label columns.

    Returns
    -------
    dict
        Labels by entry name.

    Raises
    ------
    SourceError
        If the file is missing or unreadable, a column is missing, or an identifier stands twice.
    """
    path = Path(spec["path"])
    frame = _read_table(name, path)
    reader = LabelReader(name, spec["labels"])
    require_columns(name, path, [spec["id"], *reader.columns.values()], map(str, frame.columns))
    ids = frame[spec["id"]].map(lambda value: str(value).strip())
    twice = ids[ids.duplicated()].unique()
    if len(twice):
        raise SourceError(
            f"source {name!r}: {path} has {len(twice)} identifiers more than once in the column "
            f"{spec['id']!r}, such as {', '.join(map(repr, twice[:5]))}; keep one row for each"
        )
    columns = {column: frame[column].tolist() for column in reader.columns.values()}
    table = {
        key: reader.read(key, {column: values[row] for column, values in columns.items()})
        for row, key in enumerate(ids)
    }
    reader.log_faults()
    return table


def _read_table(name: str, path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise SourceError(
            f"source {name!r}: the label table {path} does not exist (looked in {Path.cwd()}); "
            "correct `path` under `label_table`"
        )
    try:
        return tables.read_own(path)
    except UserError as error:
        raise SourceError(f"source {name!r}: the label table {error}") from error
