"""Files that are either whole or absent (standard library only)."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Write under a temporary name beside `path`, then rename.

    Parameters
    ----------
    path
        File or folder to write; an older one is replaced.

    Yields
    ------
    pathlib.Path
        The temporary name, not yet existing: what a killed writer left there is removed. If the
        block fails, whatever stands there is removed and `path` is left as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    _remove(temporary)
    try:
        yield temporary
        if temporary.is_dir() or path.is_dir():  # a rename replaces files only
            _remove(path)
        temporary.replace(path)
    finally:
        _remove(temporary)


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
