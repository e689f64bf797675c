import hashlib
import logging
import os

import pytest

from unlabelled.errors import SourceError
from unlabelled.sources import url

CONTENT = os.urandom(300_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def spec(address, digest=DIGEST):
    return {
        "kind": "url",
        "url": address,
        "sha256": digest,
        "read": {"format": "amcsd"},
        "licence": "x",
        "citation": "x",
    }


def get(server, destination, mirrors=(), **changes):
    server.content = CONTENT
    settings = {"attempts": 3, "pause": 0.0, **changes}
    url.fetch("mine", spec(server.url), destination, mirrors, **settings)


def only(folder):
    return sorted(path.name for path in folder.iterdir())


def test_downloads_and_verifies(server, tmp_path):
    get(server, tmp_path / "deep" / "raw")
    assert (tmp_path / "deep" / "raw").read_bytes() == CONTENT
    assert only(tmp_path / "deep") == ["raw"]


def test_wrong_hash_names_both_digests_and_leaves_nothing(server, tmp_path):
    server.content = CONTENT
    wrong = "0" * 64
    with pytest.raises(SourceError) as caught:
        url.fetch("mine", spec(server.url, wrong), tmp_path / "raw", [], pause=0.0)
    for text in ("'mine'", server.url, wrong, DIGEST, "data.bin"):
        assert text in str(caught.value)
    assert only(tmp_path) == []
    assert len(server.requests) == 1


def test_an_older_file_survives_a_failure(server, tmp_path):
    (tmp_path / "raw").write_bytes(b"old")
    server.content = b"other"
    with pytest.raises(SourceError):
        url.fetch("mine", spec(server.url), tmp_path / "raw", [], pause=0.0)
    assert (tmp_path / "raw").read_bytes() == b"old"


def test_resumes_an_interrupted_transfer(server, tmp_path):
    server.faults = ["cut"]
    get(server, tmp_path / "raw")
    assert server.requests == [None, "bytes=150000-"]
    assert (tmp_path / "raw").read_bytes() == CONTENT


def test_resumes_in_the_next_run(server, tmp_path):
    server.faults = ["cut"]
    with pytest.raises(SourceError, match="after 1 attempts"):
        get(server, tmp_path / "raw", attempts=1)
    assert only(tmp_path) == ["raw.part"]
    get(server, tmp_path / "raw")
    assert server.requests == [None, "bytes=150000-"]
    assert (tmp_path / "raw").read_bytes() == CONTENT
    assert only(tmp_path) == ["raw"]


def test_starts_over_if_the_server_ignores_ranges(server, tmp_path):
    server.ranges = False
    server.faults = ["cut"]
    get(server, tmp_path / "raw")
    assert server.requests == [None, "bytes=150000-"]
    assert (tmp_path / "raw").read_bytes() == CONTENT


@pytest.mark.parametrize("left", [b"another file", CONTENT + b"too long"])
def test_a_wrong_part_of_an_earlier_run_is_dropped(server, tmp_path, left):
    (tmp_path / "raw.part").write_bytes(left)
    get(server, tmp_path / "raw")
    assert server.requests[-1] is None
    assert (tmp_path / "raw").read_bytes() == CONTENT


def test_a_complete_part_is_used(server, tmp_path):
    (tmp_path / "raw.part").write_bytes(CONTENT)
    get(server, tmp_path / "raw")
    assert server.requests == [f"bytes={len(CONTENT)}-"]
    assert (tmp_path / "raw").read_bytes() == CONTENT


def test_retries_a_server_error(server, tmp_path):
    server.faults = ["500"]
    get(server, tmp_path / "raw")
    assert len(server.requests) == 2
    assert (tmp_path / "raw").read_bytes() == CONTENT


def test_does_not_retry_what_is_not_there(server, tmp_path):
    server.faults = ["404", "404"]
    with pytest.raises(SourceError, match="404"):
        get(server, tmp_path / "raw")
    assert len(server.requests) == 1


def test_a_mirror_comes_first(server, tmp_path):
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "data.bin").write_bytes(CONTENT)
    get(server, tmp_path / "raw", [str(tmp_path / "absent"), str(mirror)])
    assert (tmp_path / "raw").read_bytes() == CONTENT
    assert server.requests == []


def test_the_file_name_in_a_mirror_can_be_stated(server, tmp_path):
    (tmp_path / "mine.bin").write_bytes(CONTENT)
    stated = {**spec(server.url), "file": "mine.bin"}
    url.fetch("mine", stated, tmp_path / "raw", [str(tmp_path)])
    assert server.requests == []


def test_a_mirror_with_another_file_is_skipped(server, tmp_path, caplog):
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "data.bin").write_bytes(b"other")
    with caplog.at_level(logging.WARNING):
        get(server, tmp_path / "raw", [str(mirror)])
    assert (tmp_path / "raw").read_bytes() == CONTENT
    assert str(mirror) in caplog.text
    assert hashlib.sha256(b"other").hexdigest() in caplog.text


def test_the_error_names_every_mirror_and_the_url(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    dead = "http://127.0.0.1:9/data.bin"
    mirrors = [str(tmp_path / "absent"), str(empty)]
    with pytest.raises(SourceError) as caught:
        url.fetch("mine", spec(dead), tmp_path / "raw", mirrors, attempts=2, pause=0.0)
    message = str(caught.value)
    assert f"mirror {tmp_path / 'absent'}: there is no such directory" in message
    assert f"mirror {empty}: it has no file 'data.bin'" in message
    assert dead in message
    assert "ConnectionError" in message
    assert not (tmp_path / "raw").exists()


def test_a_file_without_an_address_comes_from_a_mirror(tmp_path):
    here = spec("") | {"file": "table.csv"}
    del here["url"]
    with pytest.raises(SourceError, match=r"no address[\s\S]*'table.csv' into a directory"):
        url.fetch("mine", here, tmp_path / "raw", [str(tmp_path)])
    (tmp_path / "table.csv").write_bytes(CONTENT)
    url.fetch("mine", here, tmp_path / "raw", [str(tmp_path)])
    assert (tmp_path / "raw").read_bytes() == CONTENT
