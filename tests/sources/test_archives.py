"""Zip archives made to harm, or harmed: an error that names the archive, or rejects."""

import io
import random
import zipfile

import pytest

from unlabelled.errors import SourceError
from unlabelled.sources import registry

CIF = "data_x\n_cell_length_a 3.0\n"


def read(path):
    return list(registry.entries("mine", {"kind": "zip", "path": str(path)}, "unused"))


def archive(files, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return buffer.getvalue()


def test_encrypted_entries_are_refused(tmp_path):
    data = bytearray(archive({"a.cif": CIF}))
    data[data.index(b"PK\x03\x04") + 6] |= 1  # flags of the entry, and of the central directory
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(SourceError, match=r"its entry 'a\.cif' is encrypted"):
        read(tmp_path / "a.zip")


@pytest.mark.parametrize("files", [{}, {"inner.zip": archive({"a.cif": CIF})}, {"a.cif/": ""}])
def test_archives_without_crystals(tmp_path, files):
    """One in another is not opened."""
    (tmp_path / "a.zip").write_bytes(archive(files))
    with pytest.raises(SourceError, match="holds no crystals; expected files"):
        read(tmp_path / "a.zip")


def test_an_archive_called_cif_is_a_reject(tmp_path):
    (tmp_path / "a.zip").write_bytes(archive({"a.cif": archive({"b.cif": CIF}), "c.cif": CIF}))
    first, second = read(tmp_path / "a.zip")
    assert first.error is not None
    assert second.error is None


@pytest.mark.parametrize(
    "compression",
    [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA],
)
def test_damage_is_an_error_or_a_reject(tmp_path, compression):
    whole = archive({f"{i}.cif": CIF + f"# {i}\n" * 20 for i in range(4)}, compression)
    path = tmp_path / "a.zip"
    path.write_bytes(whole)
    assert all(entry.error is None for entry in read(path))
    rng = random.Random(0)
    refused = rejected = 0
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(rng.choice([1, 1, 4])):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(data[: rng.choice([len(data)] * 9 + [rng.randrange(len(data))])])
        try:
            rejected += any(entry.error for entry in read(path))
        except SourceError as error:
            refused += str(path) in str(error)
    assert refused > 5
    assert rejected > 5
