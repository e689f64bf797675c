"""One's own crystals: CIF and POSCAR files in a folder or a zip archive, and ICSD exports."""

import io
import logging
import re
import stat
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from unlabelled.errors import SourceError
from unlabelled.sources.cif_blocks import blocks, decoded, too_large
from unlabelled.sources.entry import Entry, Format
from unlabelled.sources.folders import files_within
from unlabelled.sources.labels import label_table
from unlabelled.sources.specification import LabelTableSpec, LocalSpec

log = logging.getLogger(__name__)

ENTRY_LIMIT_MB = 20.0
ZIP_TOTAL_LIMIT = 20_000_000_000  # bytes, uncompressed
ZIP_RATIO_LIMIT = 200  # uncompressed to compressed; CIF text reaches 5 to 30
ZIP_RATIO_FREE = 1_000_000  # bytes; smaller entries may have any ratio


@dataclass(frozen=True, slots=True)
class _File:
    path: PurePosixPath
    size: int
    read: Callable[[], bytes]


def entries(name: str, spec: LocalSpec) -> Iterator[Entry]:
    """Yield one's own crystals, with their labels.

    Entries are named after their files without suffix; where that is not unique, after their path
    within the folder. Several data blocks of one CIF file are named ``<file>:<block>``. In an
    ICSD export the collection code is the name, or else the name of the block.

    Parameters
    ----------
    name
        Name of the source, for messages.
    spec
        Path, limit and label table.

    Raises
    ------
    SourceError
        If the path is missing or holds no crystals, if a zip archive is damaged or unsafe, or if
        the label table has a fault.
    """
    path = Path(spec["path"])
    if not path.exists():
        raise SourceError(
            f"source {name!r}: {path} does not exist (looked in {Path.cwd()}); correct `path`"
        )
    limit = spec.get("entry_limit_mb", ENTRY_LIMIT_MB) * 1e6
    if spec["kind"] == "icsd":
        found = _icsd_entries(name, path, limit)
    elif spec["kind"] == "zip":
        found = _zip_entries(name, path, limit)
    else:
        found = _entries(name, path, _folder_files(name, path), limit)
    if "label_table" in spec:
        found = _labelled(name, spec["label_table"], found)
    yield from found


def of_paths(paths: Sequence[Path], labels: LabelTableSpec | None = None) -> Iterator[Entry]:
    """Yield the crystals of files, folders and zip archives, named as by :func:`entries`.

    Parameters
    ----------
    paths
        Where they are.
    labels
        Label table, if there is one.

    Raises
    ------
    SourceError
        If a path is missing, is no crystal file or holds none, if an archive is damaged or unsafe,
        or if the label table has a fault.
    """
    found = _of_paths(paths)
    return _labelled("crystals", labels, found) if labels else found


def _of_paths(paths: Sequence[Path]) -> Iterator[Entry]:
    limit = ENTRY_LIMIT_MB * 1e6
    files: list[_File] = []
    archives: list[Path] = []
    for path in paths:
        inside = PurePosixPath(path.as_posix())
        if path.is_dir():
            files += _folder_files(str(path), path)
        elif path.is_file() and path.suffix.lower() == ".zip":
            archives.append(path)
        elif path.is_file() and _format(inside):
            files.append(_File(inside, path.stat().st_size, path.read_bytes))
        else:
            fault = "is neither *.cif nor *.vasp nor POSCAR*" if path.exists() else "does not exist"
            raise SourceError(f"{path} {fault}")
    if files or not archives:
        yield from _entries("crystals", paths[0], files, limit)
    for path in archives:
        yield from _zip_entries(str(path), path, limit)


def _labelled(name: str, spec: LabelTableSpec, found: Iterator[Entry]) -> Iterator[Entry]:
    table = label_table(name, spec)
    nothing: dict[str, float | None] = dict.fromkeys(spec["labels"])
    seen = set()
    bare = 0
    for entry in found:
        seen.add(entry.name)
        bare += entry.name not in table
        yield replace(entry, labels=table.get(entry.name, nothing))
    unused = [key for key in table if key not in seen]
    if unused:
        log.warning(
            "source %r: %d identifiers of %s have no crystal, such as %s",
            *(name, len(unused), spec["path"], ", ".join(map(repr, unused[:5]))),
        )
    if bare:
        log.warning("source %r: %d crystals are not in %s", name, bare, spec["path"])


def _entries(name: str, path: Path, files: Sequence[_File], limit: float) -> Iterator[Entry]:
    if not files:
        raise SourceError(
            f"source {name!r}: {path} holds no crystals; expected files *.cif, *.vasp or POSCAR*"
        )
    for file, entry in zip(files, _names([file.path for file in files]), strict=True):
        kind = _format(file.path)
        assert kind is not None
        data, error = _content(file, limit)
        if error is None and kind == "cif":
            yield from _cif_entries(entry, data, limit)
        else:
            text, error = ("", error) if error else decoded(data)
            yield Entry(entry, text, kind, error=error)


def _cif_entries(entry: str, data: bytes, limit: float) -> Iterator[Entry]:
    found = list(blocks(io.BytesIO(data), limit))
    if not found:
        yield Entry(entry, "", "cif", error="it has no data_ block")
    only = sum(block.name is not None for block in found) == 1
    for block in found:
        name = "no header" if block.name is None else block.name
        own = entry if only and block.name is not None else f"{entry}:{name}"
        yield Entry(own, block.text, "cif", error=block.error)


def _content(file: _File, limit: float) -> tuple[bytes, str | None]:
    if file.size > limit:
        return b"", too_large(file.size, limit)
    try:
        data = file.read()
    except Exception as error:  # of a damaged member, zipfile lets those of four libraries through
        return b"", f"it cannot be read ({type(error).__name__}: {error})"
    return data, None if data.strip() else "it is empty"


def _format(path: PurePosixPath) -> Format | None:
    if path.suffix.lower() == ".cif":
        return "cif"
    if path.suffix.lower() == ".vasp" or path.name.startswith("POSCAR"):
        return "poscar"
    return None


def _names(paths: Sequence[PurePosixPath]) -> list[str]:
    """Return the shortest form of every path that is unique."""
    forms: list[Callable[[PurePosixPath], str]] = [
        lambda path: path.stem,
        lambda path: str(path.with_suffix("")),
        str,
    ]
    counts = [Counter(map(form, paths)) for form in forms]
    names = []
    for path in paths:
        unique = (
            form(path) for form, count in zip(forms, counts, strict=True) if count[form(path)] == 1
        )
        names.append(next(unique, str(path)))
    return names


def _folder_files(name: str, folder: Path) -> list[_File]:
    if not folder.is_dir():
        raise SourceError(
            f"source {name!r}: {folder} is not a folder; use kind zip for a zip archive, kind icsd "
            "for one file with many data blocks"
        )
    found = []
    for path in files_within(folder):
        inside = PurePosixPath(path.relative_to(folder).as_posix())
        lost = path.is_symlink() and not path.exists()
        if _wanted(inside) and (path.is_file() or lost):
            found.append(
                _File(
                    inside, path.lstat().st_size if lost else path.stat().st_size, path.read_bytes
                )
            )
    return found


def _wanted(path: PurePosixPath) -> bool:
    # Hidden files are not data: macOS puts a ._name.cif beside every name.cif of an archive.
    return _format(path) is not None and not path.name.startswith(".")


def _zip_entries(name: str, path: Path, limit: float) -> Iterator[Entry]:
    try:
        archive = zipfile.ZipFile(path)
    except Exception as error:  # zipfile checks few of the numbers it reads
        raise SourceError(
            f"source {name!r}: {path} cannot be opened as a zip archive: {error}"
        ) from error
    with archive:
        _refuse_unsafe(name, path, archive)
        yield from _entries(name, path, _zip_files(archive), limit)


def _zip_files(archive: zipfile.ZipFile) -> list[_File]:
    def reader(info: zipfile.ZipInfo) -> Callable[[], bytes]:
        # zipfile reads no more than the size that the archive states and _refuse_unsafe has seen.
        return lambda: archive.read(info)

    found = [
        _File(PurePosixPath(info.filename), info.file_size, reader(info))
        for info in archive.infolist()
        if not info.is_dir() and _wanted(PurePosixPath(info.filename))
    ]
    return sorted(found, key=lambda file: file.path)


def _refuse_unsafe(name: str, path: Path, archive: zipfile.ZipFile) -> None:
    names = Counter(info.filename for info in archive.infolist())
    total = 0
    for info in archive.infolist():
        total += info.file_size
        fault = _unsafe(info)
        if names[info.filename] > 1:
            fault = "stands in it more than once"
        elif total > ZIP_TOTAL_LIMIT:
            fault = f"brings its uncompressed size above {ZIP_TOTAL_LIMIT / 1e9:g} GB"
        if fault:
            raise SourceError(
                f"source {name!r}: the archive {path} is refused: its entry "
                f"{info.orig_filename!r} {fault}; make a new archive of plain files"
            )


def _unsafe(info: zipfile.ZipInfo) -> str | None:
    parts = re.split(r"[/\\]", info.orig_filename)
    if parts[0] == "" or re.match(r"[A-Za-z]:", parts[0]):
        return "has an absolute path"
    if ".." in parts:
        return "leads out of the archive"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a symbolic link"
    if info.flag_bits & 1:
        return "is encrypted"
    ratio = info.file_size / max(info.compress_size, 1)
    if info.file_size > ZIP_RATIO_FREE and ratio > ZIP_RATIO_LIMIT:
        return f"unpacks to {ratio:.0f} times its size (the limit is {ZIP_RATIO_LIMIT})"
    return None


def _icsd_entries(name: str, path: Path, limit: float) -> Iterator[Entry]:
    files = [path]
    if path.is_dir():
        inside = _folder_files(name, path)
        files = [path / str(file.path) for file in inside if _format(file.path) == "cif"]
    blockless = 0
    for file in files:
        error: str | None = "it has no data_ block"
        try:
            with file.open("rb") as stream:
                for block in blocks(stream, limit):
                    error = None
                    entry = block.code or block.name or file.stem
                    yield Entry(entry, block.text, "cif", error=block.error)
        except OSError as failure:
            error = f"it cannot be read ({failure})"
        if error:
            blockless += 1
            yield Entry(file.stem, "", "cif", error=error)
    if blockless == len(files):
        raise SourceError(
            f"source {name!r}: {path} holds no data_ block that can be read; expected a folder of "
            "*.cif, or one CIF file, exported from the ICSD"
        )
