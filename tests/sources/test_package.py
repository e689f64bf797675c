import base64
import hashlib
import io
import subprocess
import tarfile
import zipfile

import pytest

from unlabelled.errors import SourceError
from unlabelled.sources import catalogue, package, registry
from unlabelled.sources.fetch import fetch

INNER = b"a,b\n1,2\n"


def sha(data):
    return hashlib.sha256(data).hexdigest()


def make_wheel(folder, requires_python=">=3.8"):
    files = {
        "tinydata/table.csv": INNER,
        "tinydata-1.0.dist-info/METADATA": (
            f"Metadata-Version: 2.1\nName: tinydata\nVersion: 1.0\n"
            f"Requires-Python: {requires_python}\n"
        ).encode(),
        "tinydata-1.0.dist-info/WHEEL": (
            b"Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
    }
    record = "tinydata-1.0.dist-info/RECORD"
    lines = []
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(data)}")
    files[record] = ("\n".join([*lines, f"{record},,"]) + "\n").encode()
    wheel = folder / "tinydata-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return wheel


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    folder = tmp_path / "links"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return make_wheel(folder)


def spec(wheel, **changes):
    return {
        "kind": "package",
        "package": "tinydata",
        "version": "1.0",
        "archive": "wheel",
        "sha256": sha(wheel.read_bytes()),
        "member": "tinydata/table.csv",
        "member_sha256": sha(INNER),
        "read": {"format": "amcsd"},
        "licence": "x",
        "citation": "x",
        **changes,
    }


def test_takes_the_member_and_keeps_nothing_else(wheel, tmp_path):
    destination = tmp_path / "raw" / "tiny"
    fetch("tiny", spec(wheel), destination, [])
    assert destination.read_bytes() == INNER
    assert [path.name for path in destination.parent.iterdir()] == ["tiny"]


def test_an_archive_with_one_other_byte_is_refused(wheel, tmp_path):
    pinned = spec(wheel)
    data = bytearray(wheel.read_bytes())
    data[len(data) // 2] ^= 1
    wheel.write_bytes(data)
    with pytest.raises(SourceError) as caught:
        package.fetch("tiny", pinned, tmp_path / "raw")
    for text in ("'tiny'", "tinydata==1.0", pinned["sha256"], sha(bytes(data))):
        assert text in str(caught.value)
    assert not (tmp_path / "raw").exists()


def test_another_inner_file_is_refused(wheel, tmp_path):
    with pytest.raises(SourceError) as caught:
        package.fetch("tiny", spec(wheel, member_sha256="0" * 64), tmp_path / "raw")
    for text in ("tinydata/table.csv", "0" * 64, sha(INNER)):
        assert text in str(caught.value)
    assert not (tmp_path / "raw").exists()


def test_a_missing_member_is_named(wheel, tmp_path):
    with pytest.raises(SourceError, match=r"has no file 'tinydata/absent\.csv'"):
        package.fetch("tiny", spec(wheel, member="tinydata/absent.csv"), tmp_path / "raw")
    assert list(tmp_path.glob("*raw*")) == []


def test_a_version_for_other_pythons_is_taken_only_on_request(wheel, tmp_path):
    make_wheel(wheel.parent, requires_python="<3")
    with pytest.raises(SourceError, match="pip could not download"):
        package.fetch("tiny", spec(wheel), tmp_path / "raw")
    package.fetch("tiny", spec(wheel, ignore_requires_python=True), tmp_path / "raw")
    assert (tmp_path / "raw").read_bytes() == INNER


def fake_sdist(monkeypatch, members):
    """Stand in for pip, which would need build tools to look into an sdist."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    commands = []

    def run(command, **_):
        commands.append(command)
        folder = package.Path(command[command.index("--dest") + 1])
        folder.mkdir()
        (folder / "tinydata-1.0.tar.gz").write_bytes(buffer.getvalue())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(package.subprocess, "run", run)
    return sha(buffer.getvalue()), commands


def sdist_spec(digest, **changes):
    return {
        "kind": "package",
        "package": "tinydata",
        "version": "1.0",
        "archive": "sdist",
        "sha256": digest,
        "member": "tinydata-1.0/table.csv",
        "member_sha256": sha(INNER),
        "read": {"format": "amcsd"},
        "licence": "x",
        "citation": "x",
        **changes,
    }


def test_sdist(monkeypatch, tmp_path):
    digest, commands = fake_sdist(monkeypatch, [(tarfile.TarInfo("tinydata-1.0/table.csv"), INNER)])
    package.fetch("tiny", sdist_spec(digest), tmp_path / "raw")
    assert (tmp_path / "raw").read_bytes() == INNER
    (command,) = commands
    assert command[command.index("--no-binary") + 1] == ":all:"
    assert {"download", "--no-deps", "--require-hashes"} <= set(command)
    assert "--ignore-requires-python" not in command


def test_the_archive_is_verified_apart_from_pip(monkeypatch, tmp_path):
    found, _ = fake_sdist(monkeypatch, [(tarfile.TarInfo("tinydata-1.0/table.csv"), INNER)])
    with pytest.raises(SourceError, match=found):
        package.fetch("tiny", sdist_spec("0" * 64), tmp_path / "raw")


def test_a_folder_is_no_file(monkeypatch, tmp_path):
    folder = tarfile.TarInfo("tinydata-1.0")
    folder.type = tarfile.DIRTYPE
    digest, _ = fake_sdist(monkeypatch, [(folder, b"")])
    with pytest.raises(SourceError, match="has no file"):
        package.fetch("tiny", sdist_spec(digest, member="tinydata-1.0"), tmp_path / "raw")


@pytest.mark.registry
def test_downloads_from_the_registry(sources_file, schema, tmp_path):
    amcsd = catalogue.load(sources_file, schema)["amcsd"]
    fetch("amcsd", amcsd, tmp_path / "amcsd", [])
    found = list(registry.entries("amcsd", amcsd, tmp_path / "amcsd"))
    assert len(found) == 9275
    assert sum(entry.error is None for entry in found) > 9000
