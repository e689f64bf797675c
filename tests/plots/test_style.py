import pandas as pd
import pytest

from unlabelled.plots import style


def test_known_arms_keep_their_look_in_any_company():
    alone = style.looks(["corrected"])["corrected"]
    looks = style.looks(["zeta", "corrected", "untrained", "alpha"])
    assert looks["corrected"] == alone
    assert looks["untrained"][0] == style.GREY
    assert list(looks) == ["untrained", "corrected", "alpha", "zeta"]
    assert len(set(looks.values())) == 4


def test_names_for_people():
    assert style.readable("as_published") == "as published"
    assert style.readable("mlp") == "MLP"
    assert style.method("corrected", "my_head") == "corrected, my head"


def test_many_unknown_arms_are_told_apart():
    assert len(set(style.looks(f"arm_{i}" for i in range(60)).values())) == 60


def test_heads_known_first_then_by_name():
    assert style.heads_in_order(["zeta", "mlp", "alpha", "ridge"]) == [
        *("ridge", "mlp", "alpha", "zeta")
    ]


def test_numbers_of_labels_have_the_same_colours_without_the_largest():
    four = style.number_colours([1000, 50, 100, 250, 50])
    assert list(four) == [50, 100, 250, 1000]
    assert style.number_colours([50, 100, 250]).items() < four.items()
    assert len(set(style.number_colours(range(1, 9)).values())) == 8


def test_methods_are_taken_in_their_order():
    table = pd.DataFrame({"arm": ["a", "b", "a"], "head": ["x", "x", "y"], "mae": [1, 2, 3]})
    chosen = style.of_methods(table, [["a", "y"], ["b", "x"], ["c", "x"]])
    assert list(chosen["mae"]) == [3, 2]
    assert style.of_methods(table, []).empty


def test_an_axis_ends_at_the_maximum_unless_that_is_far_off():
    assert style.bound([1, 2, 3, float("nan")]) == 3
    assert style.bound([*range(1, 10), 1e6]) < 30


def test_counts_in_words():
    assert style.counted([12, 12], "draw") == "12 draws"
    assert style.counted([1], "draw") == "1 draw"
    assert style.counted([8, 1200], "draw") == "8–1,200 draws"


def test_saving_twice_gives_the_same_bytes_and_leaves_no_other_file(tmp_path):
    fig = style.figure(style.COLUMN, 2)
    fig.subplots().plot([0, 1])
    style.save(fig, [tmp_path / "a.svg", tmp_path / "a.png"])
    style.save(fig, [tmp_path / "b.png", tmp_path / "b.svg"])
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "a.svg", "b.png", "b.svg"]


def test_the_table_is_copied_beside_the_figure(tmp_path):
    table = tmp_path / "results.parquet"
    table.write_bytes(b"any table")
    style.save_with_table(style.figure(1, 1), table, [tmp_path / "a.parquet", tmp_path / "a.png"])
    assert (tmp_path / "a.parquet").read_bytes() == b"any table"
    assert (tmp_path / "a.png").stat().st_size > 0


def test_unknown_format_writes_nothing(tmp_path):
    with pytest.raises(ValueError, match=r"\.pdf, \.svg or \.png"):
        style.save(style.figure(1, 1), [tmp_path / "a.png", tmp_path / "a.gif"])
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_older_file(tmp_path, monkeypatch):
    fig = style.figure(1, 1)
    path = tmp_path / "a.png"
    path.write_text("older")

    def fail(temporary, **_):
        temporary.write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(fig, "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        style.save(fig, [path])
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]
