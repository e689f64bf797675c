"""Splitting of CIF text into its data blocks (standard library only)."""

import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_HEADER = re.compile(rb"\s*data_(\S*)", re.IGNORECASE)
_DATA = re.compile(rb"\s*(_\S|loop_)", re.IGNORECASE)
_CODE = re.compile(rb"\s*_database_code_ICSD\s+(\S+)", re.IGNORECASE)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Block:
    """One data block.

    Attributes
    ----------
    name
        What follows ``data_``; may be empty. None of data that have no header.
    code
        ICSD collection code, if stated.
    text
        The block with its header; empty if there is an error.
    error
        Why the block cannot be read.
    """

    name: str | None
    code: str | None
    text: str
    error: str | None


def blocks(file: BinaryIO, limit: float) -> Iterator[Block]:
    """Yield the data blocks of a CIF file.

    ``data_`` inside a text field (between two lines that begin with a semicolon) starts no block.
    Comments before the first block are left out; data there, as under a damaged header, are a block
    with an error. A line ends with a line feed, a carriage return or both.

    Parameters
    ----------
    file
        Read line by line; of a line that is longer than the limit, only the beginning is kept.
    limit
        Largest size of a block, in bytes; a larger one is not kept in memory but has an error.
    """
    block: _Growing | None = None
    stray = 0  # number of the first line with data before any header; 0 if there is none
    opened = 0  # number of the line where the present text field begins; 0 outside of one
    for number, (line, length) in enumerate(_lines(file, limit), start=1):
        content = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
        if content.startswith(b";"):
            opened = 0 if opened else number
        elif not opened and (header := _HEADER.match(content)):
            if block:
                yield block.finished()
            elif stray:
                yield Block(None, None, "", f"line {stray} has data before any data_ header")
            block = _Growing(header[1], limit)
        elif not opened and not block and _DATA.match(content):
            stray = stray or number
        elif not opened and block and (code := _CODE.match(content)):
            block.code = code[1].strip(b"'\"")
        if block:
            block.add(content, length)
    if block:
        yield block.finished(opened)


def _lines(file: BinaryIO, limit: float) -> Iterator[tuple[bytes, int]]:
    """Yield lines with their ends, long ones cut off, and their lengths, in bytes."""
    longest = math.ceil(limit) + 1
    # each byte a character, to know the ends of lines of all systems; none is replaced
    text = io.TextIOWrapper(file, "latin-1", newline="")
    while line := text.readline(longest):
        length, piece = len(line), line
        while len(piece) == longest and not piece.endswith(("\n", "\r")):
            piece = text.readline(longest)
            length += len(piece)
        yield line.encode("latin-1"), length
    text.detach()  # else it would close the file


class _Growing:
    def __init__(self, name: bytes, limit: float) -> None:
        self.name = name
        self.code = b""
        self._limit = limit
        self._size = 0
        self._lines: list[bytes] = []

    def add(self, line: bytes, length: int) -> None:
        self._size += length
        if self._size <= self._limit:
            self._lines.append(line)
        else:
            self._lines.clear()

    def finished(self, opened: int = 0) -> Block:
        name = self.name.decode("utf-8", "replace")
        code = self.code.decode("utf-8", "replace")
        text, error = "", None
        if opened:
            error = (
                f"the text field that begins in line {opened} is never closed; this and all that "
                "follows in the file cannot be read"
            )
        elif self._size > self._limit:
            error = too_large(self._size, self._limit)
        else:
            text, error = decoded(b"".join(self._lines))
        return Block(name, code if code not in ("", "?", ".") else None, text, error)


def too_large(size: float, limit: float) -> str:
    """Return the error of a text that is larger than the limit; both in bytes."""
    return f"it is {size / 1e6:.3g} MB large; the limit `entry_limit_mb` is {limit / 1e6:.3g}"


def decoded(data: bytes) -> tuple[str, str | None]:
    """Return the text and no error, or no text and the error."""
    try:
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        return "", f"it is not UTF-8 text: {error}"
