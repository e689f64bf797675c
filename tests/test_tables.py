import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from unlabelled import tables
from unlabelled.errors import UserError

SCHEMA = pa.schema(
    [
        tables.field("material_id", pa.string(), "identifier"),
        tables.field("n_sites", pa.int64(), "sites of the cell"),
        tables.field("gap", pa.float64(), "band gap", "eV"),
    ]
)
ROWS = {"gap": [1.5, None], "n_sites": [2, 3], "material_id": ["a", "b"]}
PROVENANCE = {"seed": 7, "limits": {"max_sites": 50, "é": None}, "parts": ["a", 1.5, True]}


@pytest.fixture(params=[pd.DataFrame, pa.table])
def make(request):
    return request.param


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "table.parquet"


def test_a_table_comes_back_with_its_schema_units_and_provenance(make, path):
    tables.write(make(ROWS), path, SCHEMA, PROVENANCE)
    assert tables.read(path).equals(pd.DataFrame(ROWS)[SCHEMA.names])
    stored = pq.read_schema(path)
    assert stored.remove_metadata().equals(SCHEMA, check_metadata=True)
    assert stored.field("gap").metadata == {b"description": b"band gap", b"unit": b"eV"}
    assert pq.read_table(path)["gap"].null_count == 1
    assert tables.provenance(path) == PROVENANCE
    assert set(stored.metadata) == {tables.PROVENANCE}


def test_equal_content_gives_equal_bytes_whatever_the_order_of_columns_and_index(path):
    frame = pd.DataFrame(ROWS)
    tables.write(frame, path, SCHEMA, {"a": 1, "b": 2})
    other = path.with_name("other.parquet")
    tables.write(frame[sorted(frame)].set_index(pd.Index([8, 9])), other, SCHEMA, {"b": 2, "a": 1})
    assert path.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(
    ("changes", "named"), [({"gap": None}, "'gap'"), ({"volume": [1.0, 2.0]}, "'volume'")]
)
def test_columns_lacking_or_unknown_are_refused_and_named(make, path, changes, named):
    rows = {name: values for name, values in {**ROWS, **changes}.items() if values}
    with pytest.raises(ValueError, match=f"{path}: columns .*{named}"):
        tables.write(make(rows), path, SCHEMA, {})
    assert not path.exists()


@pytest.mark.parametrize(
    "changes", [{"n_sites": [1.5, 2.0]}, {"gap": ["wide", "1"]}, {"n_sites": ["a", "b"]}]
)
def test_values_of_another_type_are_refused_and_the_older_table_stays(make, path, changes):
    tables.write(make(ROWS), path, SCHEMA, {})
    before = path.read_bytes()
    with pytest.raises((ValueError, TypeError)):
        tables.write(make(ROWS | changes), path, SCHEMA, {})
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_nulls_are_refused_where_the_schema_allows_none(make, path):
    schema = SCHEMA.set(2, SCHEMA.field("gap").with_nullable(nullable=False))
    with pytest.raises(ValueError, match="null"):
        tables.write(make(ROWS), path, schema, {})
    assert not path.exists()


def test_columns_can_be_chosen(path):
    tables.write(pd.DataFrame(ROWS), path, SCHEMA, {})
    assert list(tables.read(path, ["gap", "material_id"])) == ["gap", "material_id"]
    with pytest.raises(UserError, match=f"{path} cannot be read as a table: .*volume"):
        tables.read(path, ["gap", "volume"])


@pytest.mark.parametrize("content", [b"", b"material_id,gap\na,1\n", b"PAR1 cut short"])
def test_a_file_that_is_no_table_is_named(tmp_path, content):
    path = tmp_path / "crystals.parquet"
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"{path} cannot be read as a table"):
        tables.read(path)


def test_a_table_damaged_within_is_named(tmp_path):
    path = tmp_path / "crystals.parquet"
    pq.write_table(pa.table({"a": [str(i) for i in range(100_000)]}), path)
    content = bytearray(path.read_bytes())
    content[100:5000] = b"\xff" * 4900
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"{path} cannot be read as a table"):
        tables.read(path)


def test_a_table_of_another_program_has_no_provenance(tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    assert tables.provenance(tmp_path / "other.parquet") == {}
