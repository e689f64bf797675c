from dataclasses import fields

import numpy as np
import pyarrow as pa
import pytest

from unlabelled.errors import UserError
from unlabelled.point_set.point_set import point_set
from unlabelled.point_set.quotient import every_site, quotient
from unlabelled.point_set.shards import (
    SCHEMA,
    Shards,
    identifiers,
    read_classes,
    read_shards,
    write_shard,
)


@pytest.fixture(scope="module")
def crystals(materials):
    return [(name, point_set(structure, 50, 50)) for name, structure in materials.items()]


@pytest.fixture
def folders(crystals, tmp_path):
    """Two datasets; the first has two files."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    write_shard(first / "part-00000.arrow", crystals[:3])
    write_shard(first / "part-00001.arrow", crystals[3:5])
    write_shard(second / "part-00000.arrow", crystals[5:])
    return [first, second]


def assert_equal(found, expected):
    for f in fields(expected):
        one, other = getattr(found, f.name), getattr(expected, f.name)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other, err_msg=f.name)


def test_a_shard_gives_back_its_point_sets(crystals, folders):
    found = list(read_shards(folders))
    assert identifiers(folders[0]) == [name for name, _ in crystals[:5]]
    assert [name for name, _ in found] == [name for name, _ in crystals]
    for (_, expected), (_, given) in zip(crystals, found, strict=True):
        assert_equal(given, expected)
        assert not given.level.flags.owndata


def test_a_shard_gives_back_the_quotients(crystals, folders):
    found = list(read_classes(folders))
    assert [name for name, _ in found] == [name for name, _ in crystals]
    for (_, p), (_, given) in zip(crystals, found, strict=True):
        assert_equal(given, quotient(p))


@pytest.mark.parametrize(("merged", "form"), [(True, quotient), (False, every_site)])
def test_crystals_are_made_when_asked_for(crystals, folders, merged, form):
    shards = Shards(folders, quotient=merged)
    expected = [form(p) for _, p in crystals]
    assert len(shards) == len(crystals)
    assert shards.ids == [name for name, _ in crystals]
    assert shards.n_sites.tolist() == [c.n_sites for c in expected]
    assert shards.n_pairs.tolist() == [c.n_pairs for c in expected]
    for given, wanted in zip(shards, expected, strict=True):
        assert_equal(given, wanted)
    assert_equal(shards[-1], expected[-1])
    with pytest.raises(IndexError):
        shards[len(crystals)]


def test_a_part_is_some_crystals_in_an_order_of_its_own(crystals, folders):
    shards = Shards(folders, quotient=True)
    part = shards.part([6, 0, 4])
    assert part.ids == [crystals[i][0] for i in (6, 0, 4)]
    assert part.n_sites.tolist() == [crystals[i][1].n_sites for i in (6, 0, 4)]
    for given, index in zip(part, (6, 0, 4), strict=True):
        assert_equal(given, quotient(crystals[index][1]))
    assert part[1:].ids == part.part(np.array([1, 2])).ids == [crystals[i][0] for i in (0, 4)]
    assert part[1:].n_pairs.tolist() == part.n_pairs.tolist()[1:]
    assert len(shards) == len(crystals)
    assert len(shards.part([])) == 0


def test_columns_have_the_lengths_that_their_sizes_say(crystals, tmp_path):
    write_shard(tmp_path / "part-00000.arrow", crystals)
    with pa.memory_map(str(tmp_path / "part-00000.arrow")) as file:
        table = pa.ipc.open_file(file).read_all()
    assert table.schema == SCHEMA
    assert all(f.metadata[b"description"] for f in table.schema)
    for row in table.to_pylist():
        n_sites, n_supercell = row["n_sites"], row["n_supercell"]
        assert len(row["atomic_number"]) == sum(row["site_multiplicity"]) == n_sites
        assert len(row["level"]) == n_sites * n_supercell
        assert max(row["level"]) == len(row["distance"]) - 1
        classes = range(len(row["site_class"]))
        assert set(row["pair_i"]) == set(row["pair_j"]) == set(classes)
        itself = np.array(row["pair_level"]) == 0
        np.testing.assert_array_equal(np.array(row["pair_i"])[itself], classes)
        np.testing.assert_array_equal(np.array(row["pair_j"])[itself], classes)
        assert sum(row["pair_multiplicity"]) == len(classes) * n_supercell


def test_an_empty_shard_is_read(tmp_path):
    write_shard(tmp_path / "part-00000.arrow", [])
    assert identifiers(tmp_path) == []
    assert list(read_shards([tmp_path])) == []
    assert len(Shards([tmp_path], quotient=True)) == 0


def test_a_folder_without_shards_is_an_error(tmp_path):
    with pytest.raises(UserError, match=r"holds no part-\*\.arrow"):
        list(read_shards([tmp_path]))


def test_a_truncated_shard_is_an_error_that_names_the_file(crystals, tmp_path):
    path = tmp_path / "part-00000.arrow"
    write_shard(path, crystals)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UserError, match=r"part-00000\.arrow is not a shard"):
        list(read_shards([tmp_path]))


def test_a_shard_with_other_columns_is_an_error_that_names_the_file(tmp_path):
    table = pa.table({"material_id": ["a"]})
    path = tmp_path / "part-00000.arrow"
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(UserError, match=r"part-00000\.arrow is not a shard .*other columns"):
        Shards([tmp_path], quotient=False)
