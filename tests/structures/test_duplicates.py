import numpy as np
import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.operations import SymmOp
from pymatgen.core.structure import Structure
from tests.structures.conftest import as_entry, caesium_chloride, rock_salt

from unlabelled.structures.schema import Reason
from unlabelled.tables import read


def rutile(scale=1.0):
    x, y = 0.305, 0.195
    oxygen = [[x, x, 0], [1 - x, 1 - x, 0], [0.5 + x, y, 0.5], [y, 0.5 + x, 0.5]]
    return Structure(
        Lattice.tetragonal(4.594 * scale, 2.959 * scale),
        ["Ti"] * 2 + ["O"] * 4,
        [[0, 0, 0], [0.5, 0.5, 0.5], *oxygen],
    )


def supercell():
    return rutile() * (2, 1, 1)


def rotated():
    turn = SymmOp.from_axis_angle_and_translation([1, 2, 3], 37)
    return rutile().apply_operation(turn)


def translated():
    moved = rutile()
    moved.translate_sites(range(len(moved)), [0.21, 0.33, 0.47])
    return moved


def sheared():
    other = rutile()
    other.make_supercell([[1, 1, 0], [0, 1, 0], [0, 0, 1]])
    return other


def unchanged():
    return rutile()


@pytest.mark.parametrize("copy", [supercell, rotated, translated, sheared, unchanged])
def test_copies_are_refused_and_the_first_stays(run, copy):
    entries = [as_entry("first", rutile()), as_entry("again", copy())]
    counts, crystals, rejects = run(entries, duplicates=True, max_sites=100)
    assert counts.rejected == {Reason.DUPLICATE_STRUCTURE: 1}
    assert list(read(crystals)["material_id"]) == ["first"]
    [row] = read(rejects).to_dict("records")
    assert row["entry"] == "again"
    assert row["message"] == "same structure as first"


def test_order_decides_not_the_size_of_the_cell(run):
    entries = [as_entry("large", supercell()), as_entry("small", rutile())]
    _, crystals, _ = run(entries, duplicates=True)
    assert list(read(crystals)["material_id"]) == ["large"]


def test_different_phases_stay(run):
    entries = [
        as_entry("rutile", rutile()),
        as_entry("compressed", rutile(0.95 ** (1 / 3))),
        as_entry("rock salt", rock_salt()),
        as_entry("caesium chloride", caesium_chloride()),
    ]
    counts, *_ = run(entries, duplicates=True)
    assert counts.accepted == 4


def test_every_copy_names_the_row_that_stayed(run, monkeypatch):
    monkeypatch.setattr("unlabelled.structures.table.ROW_GROUP", 2)
    monkeypatch.setattr("unlabelled.structures.duplicates._MAX_LOADED", 1)
    names = ["a", "b", "c", "d", "e", "f"]
    kinds = [rutile(), rock_salt(), rutile(), rutile(), rock_salt(), caesium_chloride()]
    entries = [as_entry(name, kind) for name, kind in zip(names, kinds, strict=True)]
    counts, crystals, rejects = run(entries, duplicates=True, processes=2)
    assert (counts.read, counts.accepted) == (6, 3)
    table = read(crystals)
    assert list(table["material_id"]) == ["a", "b", "f"]
    assert np.isfinite(np.stack(table["lattice"])).all()
    messages = read(rejects)[["entry", "message"]].to_numpy().tolist()
    assert messages == [
        ["c", "same structure as a"],
        ["d", "same structure as a"],
        ["e", "same structure as b"],
    ]


def test_copies_stay_unless_asked(run):
    counts, *_ = run([as_entry("first", rutile()), as_entry("again", rutile())])
    assert counts.accepted == 2
