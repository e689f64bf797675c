"""One file at an address: mirrors first, then a download that survives interruptions."""

import logging
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import requests
import urllib3

from unlabelled.errors import SourceError
from unlabelled.files import sha256, written_whole
from unlabelled.sources.specification import UrlSpec, file_name

log = logging.getLogger(__name__)

TIMEOUT = (20.0, 60.0)  # seconds to connect, and between two pieces of the answer
RETRIED_STATUS = (429, 500, 502, 503, 504)
_PIECE = 1 << 20  # bytes


class _WrongHashError(Exception):
    """The whole file was received, and it is another one."""


def fetch(
    name: str,
    spec: UrlSpec,
    destination: Path,
    mirrors: Sequence[str],
    attempts: int = 5,
    pause: float = 2.0,
) -> None:
    """Copy a file from a mirror, or download it.

    An interrupted download leaves ``<destination>.part``, from which the next attempt or the next
    run goes on.

    Parameters
    ----------
    name
        Name of the source, for messages.
    spec
        Address and hash.
    destination
        File to write.
    mirrors
        Directories that may hold the file.
    attempts
        How often the download is tried.
    pause
        Seconds before the second attempt; doubled before each further one.

    Raises
    ------
    SourceError
        If no mirror has the pinned file and the download fails or gives another file.
    """
    failures = []
    for mirror in mirrors:
        reason = _copy_from(Path(mirror), spec, destination)
        if reason is None:
            log.info("source %r: copied from the mirror %s", name, mirror)
            return
        log.warning("source %r: mirror %s: %s", name, mirror, reason)
        failures.append(f"mirror {mirror}: {reason}")
    if "url" in spec:
        reason = _download(spec, spec["url"], destination, attempts, pause)
        if reason is None:
            log.info("source %r: downloaded from %s", name, spec["url"])
            return
        failures.append(f"{spec['url']}: {reason}")
    else:
        failures.append("it has no address")
    tried = "\n".join(f"  {failure}" for failure in failures)
    raise SourceError(
        f"source {name!r}: {destination.name} could not be had:\n{tried}\n"
        f"Check the address and `sha256`, or put the file as {file_name(spec)!r} into a directory "
        "listed under `mirrors`"
    )


def _copy_from(mirror: Path, spec: UrlSpec, destination: Path) -> str | None:
    """Return why the mirror could not serve, or None once the file is at its destination."""
    file = mirror / file_name(spec)
    try:
        if not mirror.is_dir():
            return "there is no such directory"
        if not file.is_file():
            return f"it has no file {file.name!r}"
        with written_whole(destination) as temporary:
            shutil.copyfile(file, temporary)
            _verify(temporary, spec)
    except _WrongHashError as error:
        return f"its {file.name!r} is another file: {error}"
    except OSError as error:
        return f"{type(error).__name__}: {error}"
    return None


def _verify(path: Path, spec: UrlSpec) -> None:
    found = sha256(path)
    if found != spec["sha256"]:
        raise _WrongHashError(f"expected sha256 {spec['sha256']}, found sha256 {found}")


def _download(
    spec: UrlSpec, url: str, destination: Path, attempts: int, pause: float
) -> str | None:
    """Return why the download failed, or None once the file is at its destination."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    part = destination.with_name(f"{destination.name}.part")
    reason: str | None = None
    with requests.Session() as session:
        for attempt in range(attempts):
            if attempt:
                log.warning("%s: %s; attempt %d", url, reason, attempt + 1)
                time.sleep(pause * 2 ** (attempt - 1))
            resumed = part.exists()
            try:
                _continue(session, url, part)
                _verify(part, spec)
            except _WrongHashError as error:
                part.unlink()
                reason = f"the address holds another file: {error}"
                if not resumed:  # otherwise the old part may be to blame: once more from the start
                    return reason
            except _FinalAnswerError as error:
                return str(error)
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                reason = f"{type(error).__name__}: {error}"
            else:
                part.replace(destination)
                return None
    return f"{reason} (after {attempts} attempts)"


class _FinalAnswerError(Exception):
    """The server's answer will not change by asking again."""


def _continue(session: requests.Session, url: str, part: Path) -> None:
    """Append what is still missing to `part`."""
    start = part.stat().st_size if part.exists() else 0
    # identity: byte positions must count the bytes of the file, not of a compressed transfer.
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    with session.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable and start:
            return  # nothing is missing: the hash decides
        if response.status_code in RETRIED_STATUS:
            response.raise_for_status()
        if not response.ok:
            raise _FinalAnswerError(f"the server answers {response.status_code} {response.reason}")
        goes_on = response.status_code == requests.codes.partial_content and response.headers.get(
            "Content-Range", ""
        ).startswith(f"bytes {start}-")
        with part.open("ab" if goes_on else "wb") as file:
            for piece in response.raw.stream(_PIECE, decode_content=False):
                file.write(piece)
