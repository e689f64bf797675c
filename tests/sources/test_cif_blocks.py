import io

from hypothesis import given, settings
from hypothesis import strategies as st

from unlabelled.sources.cif_blocks import blocks

LINES = st.sampled_from(
    ["_cell_length_a 1", "loop_", "", "# data_x", "'data_ quoted'", "_x data", ";\ndata_in\n;"]
)
BODIES = st.lists(st.lists(LINES, max_size=5), max_size=5)


@settings(deadline=None)
@given(BODIES, st.sampled_from(["\n", "\r\n"]))
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
