"""Files of a folder (standard library only)."""

import os
from pathlib import Path

from unlabelled.errors import SourceError


def files_within(folder: Path) -> list[Path]:
    """Return the files in a folder and those below it, linked ones too, in order.

    Links that lead nowhere are among them, so that whoever reads them can say so. A folder that is
    reached in several ways, such as through a link to one above it, is looked at once.

    Raises
    ------
    SourceError
        If a folder may not be read.
    """

    def refuse(error: OSError) -> None:
        raise SourceError(
            f"the folder {error.filename} cannot be read ({error.strerror}); change its "
            "permissions or take it out"
        ) from error

    found, seen = [], set()
    for place, inner, names in os.walk(folder, onerror=refuse, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            inner.clear()
            continue
        seen.add(real)
        inner.sort()
        found += [Path(place, name) for name in names]
    return sorted(found)
