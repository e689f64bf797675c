import json
import logging
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest
from tests.structures.conftest import rock_salt
from tests.workflow.conftest import TINY, Study

from unlabelled.errors import SourceError
from unlabelled.sources import catalogue, registry
from unlabelled.sources.fetch import fetch

KEY = "k3y" + "0123456789abcdef" + "XYZ" * 4 + "q"  # 32 characters, as the client demands
STRUCTURE = {"@class": "Structure", "lattice": {"a": 3.0}, "sites": []}


def material(number, **more):
    return {
        "material_id": f"mp-{number}",
        "structure": STRUCTURE,
        "formation_energy_per_atom": -1.5,
        "band_gap": 0.5,
        "energy_above_hull": 0.0,
        **more,
    }


def spec(endpoint):
    return {
        "kind": "materials_project",
        "endpoint": endpoint,
        "criteria": {
            "chemsys": ["Li-O", "Na-O"],
            "num_elements": [2, 2],
            "energy_above_hull": [0, 0.1],
            "material_ids": ["mp-1", "mp-2"],
        },
        "labels": {
            "formation_energy_per_atom": {"column": "formation_energy_per_atom", "unit": "eV/atom"},
            "band_gap": {"column": "band_gap", "unit": "eV"},
            "e_above_hull": {"column": "energy_above_hull", "unit": "eV/atom"},
        },
    }


@pytest.fixture
def stub():
    """Answer what the client asks: the heartbeat and the summary documents."""
    pytest.importorskip("mp_api.client")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            server.asked.append((parts.path, parse_qs(parts.query), self.headers.get("x-api-key")))
            status, answer = 200, {}
            if parts.path == "/heartbeat":
                answer = {
                    "version": "99.0.0",
                    "db_version": "2026.01",
                    "access_controlled_batch_ids": [],
                }
            elif server.denied:
                status, answer = 401, {"detail": f"the key {self.headers['x-api-key']} is unknown"}
            else:
                answer = {"data": server.materials, "meta": {"total_doc": len(server.materials)}}
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.denied = [], False
    server.materials = [material(2, band_gap=None), material(1)]
    server.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("MP_API_KEY", KEY)


def failure(endpoint, tmp_path):
    with pytest.raises(SourceError) as caught:
        fetch("mp", spec(endpoint), tmp_path / "raw", [])
    assert list(tmp_path.iterdir()) == []
    # Everything of the exception, not only what would be printed.
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None
    return str(caught.value)


def test_the_query_and_what_is_written(stub, tmp_path, caplog, capfd):
    with caplog.at_level(logging.DEBUG):
        fetch("mp", spec(stub.endpoint), tmp_path / "raw", [])
    path, query, key = stub.asked[-1]
    assert path.rstrip("/") == "/materials/summary"
    assert key == KEY
    assert query["chemsys"] == ["Li-O,Na-O"]
    assert query["nelements_min"] == query["nelements_max"] == ["2"]
    assert query["energy_above_hull_max"] == ["0.1"]
    assert query["material_ids"] == ["mp-1,mp-2"]
    fields = ["material_id", "structure", "formation_energy_per_atom", "band_gap"]
    assert query["_fields"] == [",".join([*fields, "energy_above_hull"])]
    lines = (tmp_path / "raw").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [material(1), material(2, band_gap=None)]
    assert [file.name for file in tmp_path.iterdir()] == ["raw"]
    assert "2026.01" in caplog.text
    assert KEY not in "\n".join([*lines, caplog.text, *capfd.readouterr()])


def test_reading_back(stub, tmp_path):
    query = spec(stub.endpoint)
    fetch("mp", query, tmp_path / "raw", [])
    first, second = registry.entries("mp", query, tmp_path / "raw")
    assert (first.name, second.name) == ("mp-1", "mp-2")
    assert json.loads(first.text) == STRUCTURE
    assert first.labels["e_above_hull"] == 0.0
    assert second.labels["band_gap"] is None


def test_the_key_is_in_no_message(stub, tmp_path, caplog, capfd):
    stub.denied = True
    with caplog.at_level(logging.DEBUG):
        message = failure(stub.endpoint, tmp_path)
    assert "the key <the key> is unknown" in message
    assert KEY not in "\n".join([caplog.text, *capfd.readouterr()])


def test_an_unreachable_server(stub, tmp_path):
    assert "ConnectionError" in failure("http://127.0.0.1:9", tmp_path)


def everything_written(folder):
    """Bytes of all files below a folder, tables as they are and unpacked."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            yield path, f"{table.schema.metadata} {table.to_pylist()}".encode()


@pytest.mark.workflow
def test_the_key_is_nowhere_after_a_run(stub, tmp_path):
    """The workflow fetches and parses: refused at first, then with success."""
    study = Study(
        tmp_path,
        {
            **TINY,
            "sources": {"mp": spec(stub.endpoint)},
            "datasets": {**TINY["datasets"], "mp": {"source": "mp"}},
            "pretraining": {
                **TINY["pretraining"],
                "pool": {"datasets": ["flla", "dielectric", "mp"]},
            },
        },
    )
    target = ["--printshellcmds", "--verbose", "--", "results/tiny/structures/mp.parquet"]
    stub.materials = [material(1, structure=rock_salt().as_dict())]
    stub.denied = True
    printed = study.run(*target, status=1)
    stub.denied = False
    printed += study.run(*target)
    assert KEY in {key for _, _, key in stub.asked}
    assert "the key <the key> is unknown" in printed
    assert KEY not in printed
    written = list(everything_written(tmp_path))
    names = {path.relative_to(tmp_path).as_posix() for path, _ in written}
    assert "results/tiny/structures/mp.parquet" in names
    assert any(name.startswith(".snakemake/metadata") for name in names)
    assert any(name.endswith(".log") for name in names)
    assert [path for path, data in written if KEY.encode() in data] == []


def test_nothing_matches(stub, tmp_path):
    stub.materials = []
    assert "no material of the Materials Project matches" in failure(stub.endpoint, tmp_path)


def test_no_key(stub, tmp_path, monkeypatch):
    monkeypatch.delenv("MP_API_KEY")
    assert "MP_API_KEY is not set" in failure(stub.endpoint, tmp_path)
    assert stub.asked == []


def test_no_client(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mp_api.client", None)
    with pytest.raises(SourceError, match=r"pip install 'mp-api>=0"):
        fetch("mp", spec("http://127.0.0.1:9"), tmp_path / "raw", [])


def test_the_source_is_valid(schema):
    catalogue.merge({}, {"mp": spec("http://127.0.0.1:9")}, schema)
