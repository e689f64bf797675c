import numpy as np
import pyarrow as pa
import pytest

from unlabelled.errors import UserError
from unlabelled.point_set.point_set import point_set
from unlabelled.point_set.shards import SCHEMA, identifiers, read_shards, write_shard


@pytest.fixture
def crystals(materials):
    return [(name, point_set(structure, 50, 50)) for name, structure in materials.items()]


def test_a_shard_gives_back_its_point_sets(crystals, tmp_path):
    write_shard(tmp_path / "part-00000.arrow", crystals[:4])
    write_shard(tmp_path / "part-00001.arrow", crystals[4:])
    found = list(read_shards([tmp_path]))
    assert identifiers(tmp_path) == [name for name, _ in crystals]
    for (name, point), (found_name, found_point) in zip(crystals, found, strict=True):
        assert found_name == name
        np.testing.assert_array_equal(found_point.atomic_numbers, point.atomic_numbers)
        np.testing.assert_array_equal(found_point.distances, point.distances)


def test_pairs_name_the_site_that_looks_and_the_site_seen(crystals, tmp_path):
    write_shard(tmp_path / "part-00000.arrow", crystals)
    with pa.memory_map(str(tmp_path / "part-00000.arrow")) as file:
        table = pa.ipc.open_file(file).read_all()
    assert table.schema == SCHEMA
    for row in table.to_pylist():
        n_sites, n_supercell = row["n_sites"], row["n_supercell"]
        assert len(row["pair_distance"]) == n_sites * n_supercell
        assert set(row["pair_i"]) == set(row["pair_j"]) == set(range(n_sites))
        zero = np.isclose(row["pair_distance"], 0)
        np.testing.assert_array_equal(np.array(row["pair_i"])[zero], np.array(row["pair_j"])[zero])
        assert sum(row["site_multiplicity"]) == n_sites
        assert sum(row["pair_multiplicity"]) == n_sites * n_supercell


def test_an_empty_shard_is_read(tmp_path):
    write_shard(tmp_path / "part-00000.arrow", [])
    assert identifiers(tmp_path) == []


def test_a_folder_without_shards_is_an_error(tmp_path):
    with pytest.raises(UserError, match=r"holds no part-\*\.arrow"):
        list(read_shards([tmp_path]))


def test_a_truncated_shard_is_an_error_that_names_the_file(crystals, tmp_path):
    path = tmp_path / "part-00000.arrow"
    write_shard(path, crystals)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UserError, match=r"part-00000\.arrow is not a shard"):
        list(read_shards([tmp_path]))
