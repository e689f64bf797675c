"""Logging of one job into the log file of its rule (standard library only)."""

import errno
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unlabelled.errors import UserError

# What the machine refused; libraries written in C and Rust may pass on no more than its text.
_REFUSED = {
    errno.ENOSPC: ("No space left on device", "the disk is full: free space on it"),
    errno.EDQUOT: ("Disk quota exceeded", "your quota is used up: free space"),
    errno.EROFS: ("Read-only file system", "the disk is read-only: make it writable"),
    errno.EACCES: ("Permission denied", "this is not allowed to you: change the permissions"),
}


@contextmanager
def log_to(path: str | Path) -> Iterator[None]:
    """Send records, warnings and the traceback of a failure to a file.

    What this package reports goes to standard error too, behind the name of the job, so that a
    person at the terminal sees it advance. A :class:`~unlabelled.errors.UserError`, or what a
    person can do about a machine out of space or memory, is printed there in one line and ends the
    process: what to do is not hidden under a traceback.

    Parameters
    ----------
    path
        Log file; overwritten.

    Raises
    ------
    SystemExit
        With status 1, after what was printed in one line.
    """
    try:
        _open(Path(path))
        yield
    except Exception as error:
        what = str(error) if isinstance(error, UserError) else advice(error)
        if what is None:
            logging.exception("the job failed")
            raise
        logging.exception("the job stopped")
        sys.stderr.write(f"\nError: {what}\n")
        raise SystemExit(1) from error


def _open(path: Path) -> None:
    everything = logging.FileHandler(path, mode="w")
    everything.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    progress = logging.StreamHandler()
    progress.setFormatter(logging.Formatter(f"{path.parent.name}/{path.stem}: %(message)s"))
    progress.addFilter(_is_progress)
    logging.basicConfig(level=logging.INFO, handlers=[everything, progress], force=True)
    logging.captureWarnings(capture=True)


def advice(error: Exception) -> str | None:
    """Say what to do about what the machine refused; None if it was not the machine."""
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return f"out of memory ({error}); give the job more, or use fewer at a time, and run again"
    for code, (text, what) in _REFUSED.items():
        if getattr(error, "errno", None) == code or text in str(error):
            return f"{what}, and run again: what is finished is kept ({error})"
    return None


def _is_progress(record: logging.LogRecord) -> bool:
    return record.name.startswith("unlabelled.") and record.levelno < logging.ERROR
