import io

from hypothesis import given, settings
from hypothesis import strategies as st

from unlabelled.sources.cif_blocks import blocks

LINES = st.sampled_from(
    ["_cell_length_a 1", "loop_", "", "# data_x", "'data_ quoted'", "_x data", ";\ndata_in\n;"]
)
BODIES = st.lists(st.lists(LINES, max_size=5), max_size=5)


@settings(deadline=None)
@given(BODIES, st.sampled_from(["\n", "\r\n", "\r"]))
def test_blocks_are_the_pieces_of_the_file(bodies, newline):
    pieces = [
        "\n".join([f"data_{number}", *body, ""]).replace("\n", newline)
        for number, body in enumerate(bodies)
    ]
    found = list(blocks(io.BytesIO("".join(pieces).encode()), 1e6))
    assert [block.text for block in found] == pieces
    assert [block.name for block in found] == [str(number) for number in range(len(bodies))]
    assert all(block.error is None for block in found)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_survived(data):
    for block in blocks(io.BytesIO(data), 100):
        assert bool(block.error) or block.text


def test_data_under_a_damaged_header_are_an_error_and_comments_are_none():
    text = b"#\\#CIF_1.1\n\ndta_one\n_cell_length_a 1\nloop_\ndata_two\n_cell_length_a 2\n"
    stray, block = blocks(io.BytesIO(text), 1e6)
    assert (stray.text, stray.error) == ("", "line 4 has data before any data_ header")
    assert (block.name, block.error) == ("two", None)
    (block,) = blocks(io.BytesIO(text.replace(b"_cell_length_a 1\nloop_", b"")), 1e6)
    assert block.name == "two"
