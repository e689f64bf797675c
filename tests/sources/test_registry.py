import json

import pytest
import yaml

from unlabelled.errors import ConfigurationError, SourceError
from unlabelled.sources import catalogue, registry
from unlabelled.sources.fetch import fetch
from unlabelled.sources.specification import content


def test_the_registry_is_valid(sources_file, schema):
    specs = catalogue.load(sources_file, schema)
    assert {"flla", "dielectric", "elastic", "piezo", "amcsd"} <= set(specs)
    assert {"mp_20_biternary_val", "mp_20_biternary_test"} <= set(specs)
    assert catalogue.labels(specs["flla"]) == {
        "formation_energy_per_atom": "eV/atom",
        "e_above_hull": "eV/atom",
    }
    assert catalogue.labels(specs["amcsd"]) == {}
    assert catalogue.labels(specs["matbench_mp_e_form"]) == {"formation_energy_per_atom": "eV/atom"}
    assert catalogue.labels(specs["matbench_mp_gap"]) == {"band_gap": "eV"}
    contents = {name: content(spec) for name, spec in specs.items()}
    assert contents["flla"] == contents["amcsd"] == "crystals"
    assert {"aflow_egap_val", "expt_gap", "glass", "phonons", "castelli"} <= {
        name for name, kind in contents.items() if kind == "compositions"
    }
    assert {name for name, kind in contents.items() if kind == "elements"} == {
        *("jarvis", "magpie", "mat2vec", "oliynyk", "onehot", "random_200")
    }
    assert catalogue.labels(specs["aflow_egap_val"]) == {"band_gap": "eV"}
    assert contents["mnist"] == "digits"
    json.dumps(specs)  # they go into the provenance of tables


def objects(node):
    """Yield every schema of an object that lists its keys; conditions are no such schemas."""
    if isinstance(node, dict):
        if "properties" in node:
            yield node
        for key, value in node.items():
            if key != "if":
                yield from objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from objects(value)


def test_every_key_is_described_and_no_object_is_open(schema):
    document = yaml.safe_load(schema.read_text())
    found = list(objects(document))
    assert len(found) > 8
    for node in found:
        assert node.get("additionalProperties") is False or "allOf" in node
        for key, value in node["properties"].items():
            target = document["$defs"][value["$ref"].split("/")[-1]] if "$ref" in value else {}
            assert "description" in value or "description" in target, key


def faults(document, schema, tmp_path):
    path = tmp_path / "sources.yaml"
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(ConfigurationError) as caught:
        catalogue.load(path, schema)
    return str(caught.value)


def test_a_typo_is_shown_with_the_key_that_is_meant(sources_file, schema, tmp_path):
    document = yaml.safe_load(sources_file.read_text())
    for name in ("flla", "mp_20_biternary_val"):
        document[name]["sha265"] = document[name].pop("sha256")
    message = faults(document, schema, tmp_path)
    for name in ("flla", "mp_20_biternary_val"):
        assert f"{name}: unknown key 'sha265'; did you mean 'sha256'?" in message
        assert f"{name}: 'sha256' is a required property" in message
    assert len(message.splitlines()) == 5


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"kind": "uri"}, "flla.kind: 'uri' is not one of"),
        ({"sha256": "abc"}, "flla.sha256: 'abc' does not match"),
        ({"url": "http://x/y"}, "flla: unknown key 'url'"),
        ({"read": {"format": "xml"}}, "flla.read.format: 'xml' is not one of"),
        ({"read": {"format": "amcsd", "id": "x"}}, "flla.read: unknown key 'id'"),
        ({"read": {"format": "element_table", "id": "x"}}, "flla.read: unknown key 'id'"),
        ({"read": {"format": "matbench", "id": "x"}}, "flla.read: unknown key 'id'"),
        ({"archive": "egg"}, "flla.archive: 'egg' is not one of"),
    ],
)
def test_faults_are_placed(sources_file, schema, tmp_path, change, expected):
    document = yaml.safe_load(sources_file.read_text())
    document["flla"] |= change
    assert expected in faults(document, schema, tmp_path)


def test_not_yaml(schema, tmp_path):
    path = tmp_path / "sources.yaml"
    path.write_text("a: [")
    with pytest.raises(ConfigurationError, match="not valid YAML"):
        catalogue.load(path, schema)


OWN = {
    "mine": {
        "kind": "folder",
        "path": "cifs",
        "label_table": {
            "path": "gaps.csv",
            "id": "name",
            "labels": {"band_gap": {"column": "Eg", "unit": "eV"}},
        },
    }
}


def test_own_sources_are_added_and_replace(sources_file, schema):
    specs = catalogue.load(sources_file, schema)
    merged = catalogue.merge(specs, {**OWN, "flla": {"kind": "zip", "path": "a.zip"}}, schema)
    assert set(merged) == {*specs, "mine"}
    assert merged["flla"]["kind"] == "zip"
    assert catalogue.labels(merged["flla"]) == {}
    assert catalogue.labels(merged["mine"]) == {"band_gap": "eV"}


def test_own_sources_are_validated(sources_file, schema):
    specs = catalogue.load(sources_file, schema)
    with pytest.raises(ConfigurationError, match=r"mine: unknown key 'pth'; did you mean 'path'"):
        catalogue.merge(specs, {"mine": {"kind": "icsd", "pth": "x"}}, schema)


def test_one_label_has_one_unit(sources_file, schema):
    specs = catalogue.load(sources_file, schema)
    own = json.loads(json.dumps(OWN).replace('"eV"', '"meV"'))
    with pytest.raises(ConfigurationError, match=r"'band_gap' is in 'eV' .* but in 'meV'"):
        catalogue.merge(specs, own, schema)


def test_local_data_are_not_fetched(schema, tmp_path):
    fetch("mine", OWN["mine"], tmp_path / "raw", [])
    assert list(tmp_path.iterdir()) == []


def test_ones_own_compositions_are_looked_at_for_changes(schema, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("formula\nNaCl\n")
    own = {"mine": {"kind": "compositions", "path": str(path), "formula": "formula"}}
    spec = catalogue.merge({}, own, schema)["mine"]
    assert content(spec) == "compositions"
    assert catalogue.labels(spec) == {}
    before = catalogue.fingerprint(spec)
    path.write_text("formula\nNaCl\nKCl\n")
    assert catalogue.fingerprint(spec) != before
    assert [entry.formula for entry in registry.compositions("mine", spec, path)] == ["NaCl", "KCl"]


def test_compositions_and_crystals_are_not_mistaken_for_each_other(sources_file, schema, tmp_path):
    specs = catalogue.load(sources_file, schema)
    with pytest.raises(SourceError, match="'glass': a table of compositions has no crystals"):
        registry.entries("glass", specs["glass"], tmp_path)
    for name, kind in (("flla", "crystals"), ("magpie", "elements")):
        with pytest.raises(SourceError, match=f"'{name}': a table of {kind} has no compositions"):
            registry.compositions(name, specs[name], tmp_path)


def test_a_table_of_elements_has_no_crystals(sources_file, schema, tmp_path):
    magpie = catalogue.load(sources_file, schema)["magpie"]
    assert catalogue.labels(magpie) == {}
    with pytest.raises(SourceError, match="'magpie': a table of elements has no crystals"):
        registry.entries("magpie", magpie, tmp_path / "raw")
