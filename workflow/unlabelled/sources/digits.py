"""Pictures of handwritten digits."""

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from unlabelled.errors import SourceError

SIDE = 28  # pixels
N_CLASSES = 10


@dataclass(frozen=True)
class Digits:
    """Pictures and what they show.

    Attributes
    ----------
    pixels
        (n, 784) brightness from 0 to 1, row by row, float32.
    classes
        (n,) digit, 0 to 9.
    """

    pixels: npt.NDArray[np.float32]
    classes: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.classes)

    def part(self, rows: npt.NDArray[np.int64]) -> "Digits":
        """Return the digits of some rows."""
        return Digits(self.pixels[rows], self.classes[rows])


def read(name: str, path: str | Path) -> Digits:
    """Read a table of pictures.

    Parameters
    ----------
    name
        Name of the source, for messages.
    path
        Comma-separated integers without a header, gzipped or not: 784 pixels from 0 to 255, then
        the digit.

    Raises
    ------
    SourceError
        If the file is missing, is no such table, or lacks one of the ten digits.
    """
    try:
        table = pd.read_csv(path, header=None)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise SourceError(
            f"source {name!r}: {path} is not a table of comma-separated values: {error}; delete "
            "the file and fetch it again"
        ) from error
    if table.shape[1] != SIDE**2 + 1:
        raise SourceError(
            f"source {name!r}: {path} has {table.shape[1]} columns, not {SIDE**2} pixels and the "
            "digit; choose another file or another format"
        )
    highest = np.append(np.full(SIDE**2, 255), N_CLASSES - 1)
    values = table.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    wrong = np.argwhere(~((values >= 0) & (values <= highest) & (values % 1 == 0)))
    if len(wrong):
        row, column = wrong[0]
        raise SourceError(
            f"source {name!r}: {path} has {table.iloc[row, column]!s} in row {row + 1}, column "
            f"{column + 1}; needed is an integer from 0 to {highest[column]}"
        )
    classes = values[:, -1].astype(np.int64)
    absent = set(range(N_CLASSES)) - set(classes.tolist())
    if absent:
        raise SourceError(f"source {name!r}: {path} has no picture of a {min(absent)}")
    return Digits((values[:, :-1] / 255).astype(np.float32), classes)
