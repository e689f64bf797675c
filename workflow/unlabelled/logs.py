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

    A :class:`~unlabelled.errors.UserError` is also printed in one line on standard error and ends
    the process, so that what a person must do is not hidden under a traceback.

    Parameters
    ----------
    path
        Log file; overwritten.

    Raises
    ------
    SystemExit
        With status 1, after a :class:`~unlabelled.errors.UserError`.
    """
    logging.basicConfig(
        filename=path,
        filemode="w",
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        force=True,
    )
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
