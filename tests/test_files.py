import pytest

from unlabelled.files import sha256, written_whole


def a_file(path, text="new"):
    path.write_text(text)


def a_folder(path, text="new"):
    path.mkdir()
    (path / text).write_text(text)


def nothing(path, text):
    pass


def content(path):
    if path.is_dir():
        return {inner.name: content(inner) for inner in path.iterdir()}
    return path.read_text()


@pytest.mark.parametrize(
    ("old", "write", "after"),
    [
        (nothing, a_file, "new"),
        (nothing, a_folder, {"new": "new"}),
        (a_file, a_file, "new"),
        (a_file, a_folder, {"new": "new"}),
        (a_folder, a_folder, {"new": "new"}),
        (a_folder, a_file, "new"),
    ],
)
def test_the_new_takes_the_place_of_the_old_when_it_is_complete(tmp_path, old, write, after):
    old(tmp_path / "out", "old")
    before = content(tmp_path)
    with written_whole(tmp_path / "out") as temporary:
        assert content(tmp_path) == before
        write(temporary)
    assert content(tmp_path) == {"out": after}


def test_folders_on_the_way_are_made(tmp_path):
    with written_whole(tmp_path / "deep" / "er" / "out") as temporary:
        a_file(temporary)
    assert content(tmp_path) == {"deep": {"er": {"out": "new"}}}


@pytest.mark.parametrize("old", [nothing, a_file, a_folder])
@pytest.mark.parametrize("write", [a_file, a_folder])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_nothing_of_the_new_and_all_of_the_old(tmp_path, old, write, error):
    old(tmp_path / "out", "old")
    before = content(tmp_path)
    with pytest.raises(error), written_whole(tmp_path / "out") as temporary:  # noqa: PT012
        write(temporary)
        raise error
    assert content(tmp_path) == before


@pytest.mark.parametrize("left", [a_file, a_folder])
def test_what_a_killed_process_left_is_not_taken_up(tmp_path, left):
    with written_whole(tmp_path / "out") as temporary:
        a_file(temporary)
    left(temporary, "left")
    with written_whole(tmp_path / "out") as again:
        a_folder(again)
    assert content(tmp_path) == {"out": {"new": "new"}}


def test_sha256_of_a_file(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(tmp_path / "abc") == expected
