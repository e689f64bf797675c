"""Logging of one job into the log file of its rule (standard library only)."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unlabelled.errors import UserError


@contextmanager
def log_to(path: str | Path) -> Iterator[None]:
    """Send records, warnings and the traceback of a failure to a file.

    What this package reports goes to standard error too, behind the name of the job, so that a
    person at the terminal sees it advance. A :class:`~unlabelled.errors.UserError` is printed there
    as it is and ends the process: what to do is not hidden under a traceback.

    Parameters
    ----------
    path
        Log file; overwritten.

    Raises
    ------
    SystemExit
        With status 1, after a :class:`~unlabelled.errors.UserError`.
    """
    path = Path(path)
    everything = logging.FileHandler(path, mode="w")
    everything.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    progress = logging.StreamHandler()
    progress.setFormatter(logging.Formatter(f"{path.parent.name}/{path.stem}: %(message)s"))
    progress.addFilter(_is_progress)
    logging.basicConfig(level=logging.INFO, handlers=[everything, progress], force=True)
    logging.captureWarnings(capture=True)
    try:
        yield
    except UserError as error:
        logging.exception("the job stopped")
        sys.stderr.write(f"\nError: {error}\n")
        raise SystemExit(1) from error
    except Exception:
        logging.exception("the job failed")
        raise


def _is_progress(record: logging.LogRecord) -> bool:
    return record.name.startswith("unlabelled.") and record.levelno < logging.ERROR
