"""Where the workflow is: around this package in a clone, inside it where it was installed."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def root() -> Path:
    """Return the folder with the Snakefile, ``config``, ``resources`` and ``workflow``."""
    clone = _PACKAGE.parents[1]
    return clone if (clone / "Snakefile").is_file() else _PACKAGE / "_repository"
