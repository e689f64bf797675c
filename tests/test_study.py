import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from unlabelled import study
from unlabelled.errors import ConfigurationError
from unlabelled.infomax.options import PRESETS, InfoMaxOptions

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = ROOT / "workflow" / "schemas"
SCALES = sorted((ROOT / "config" / "scales").glob("*.yaml"))
SCHEMA = yaml.safe_load((SCHEMAS / "config.schema.yaml").read_text())
MINE = {"kind": "folder", "path": "crystals"}


def config(overlay=None):
    merged = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    update_config(merged, overlay or {})
    return merged


def check(merged):
    schemas = [SCHEMAS / f"{of}.schema.yaml" for of in ("config", "sources")]
    return study.check(merged, ROOT / "resources" / "sources.yaml", *schemas)


@pytest.mark.parametrize("scale", SCALES, ids=lambda path: path.stem)
def test_every_scale_is_a_valid_study_with_results_of_its_own(scale):
    merged = config(yaml.safe_load(scale.read_text()))
    assert "flla" in check(merged)
    # the third study knows no crystals
    assert bool(study.datasets_used(merged)) == (scale.stem != "phaseselect")
    assert merged["scale"] == scale.stem


def test_a_symmetric_supercell_has_a_limit_of_its_own():
    check(config({"point_sets": {"supercell": "symmetric", "max_atoms": 100}}))
    check(config({"point_sets": {"supercell": "near_cubic", "max_atoms": 101}}))
    with pytest.raises(ConfigurationError, match=r"point_sets.max_atoms.*100"):
        check(config({"point_sets": {"supercell": "symmetric", "max_atoms": 101}}))


def test_the_supercell_is_the_published_one_unless_said_otherwise():
    merged = config()
    assert merged["point_sets"].pop("supercell") == "near_cubic"
    check(merged)
    assert merged["point_sets"]["supercell"] == "near_cubic"


def stated(document, schema, place=""):
    """Keys of a configuration; names that a person chose are "*"."""
    for key in document if isinstance(document, dict) else ():
        fixed = key in schema.get("properties", {})
        inner = schema["properties"][key] if fixed else schema.get("additionalProperties")
        if inner is not None:  # the sources have a schema of their own
            assert inner, f"{place}{key} is not in the schema"
            yield f"{place}{key if fixed else '*'}"
            yield from stated(document[key], inner, f"{place}{key if fixed else '*'}.")


def demanded(schema, place=""):
    """Keys of the schema; below a name that a person chooses, those required."""
    for key in schema.get("required" if "*" in place else "properties", ()):
        yield f"{place}{key}"
        yield from demanded(schema["properties"][key], f"{place}{key}.")
    if schema.get("additionalProperties"):
        yield from demanded(schema["additionalProperties"], f"{place}*.")


def test_every_key_of_the_configuration_is_in_the_schema_and_the_reverse():
    overlays = [yaml.safe_load(path.read_text()) for path in SCALES]
    keys = {key for document in [config(), *overlays] for key in stated(document, SCHEMA)}
    expected = set(demanded(SCHEMA))
    assert {"pretraining.pool.fraction", "tasks.*.label", "embedding_map.crystals"} <= expected
    assert expected <= keys


def test_the_schema_offers_every_option_of_a_variant_and_no_other():
    variants = SCHEMA["properties"]["pretraining"]["properties"]["variants"]
    options = {field.name for field in dataclasses.fields(InfoMaxOptions)}
    assert set(variants["additionalProperties"]["properties"]) == options | {
        "preset",
        "trained",
        "pool",
    }


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("datasets.flla.limt", 3, "datasets.flla: unknown key 'limt'; did you mean 'limit'?"),
        ("datasets.flla.source", "fla", "{}: there is no 'fla'; did you mean 'flla'? known: amcsd"),
        ("datasets.flla.source", "magpie", "{}: 'magpie' is a table of elements and has no cryst"),
        ("datasets.flla.source", "flass", "{}: there is no 'flass'; did you mean 'flla'?"),
        ("datasets.flla.source", "glass", "{}: 'glass' is a table of compositions and has no crys"),
        ("collections.glass.sources", ["glas"], "{}: there is no 'glas'; did you mean 'glass'?"),
        ("collections.glass.sources", ["flla"], "{}: 'flla' is a table of crystals and has no com"),
        ("collections.glass.sources", ["magpie"], "{}: 'magpie' is a table of elements and has n"),
        ("collections.crystals.dataset", "fla", "{}: there is no 'fla'; did you mean 'flla'?"),
        ("collections.crystals.sources", ["glass"], "collections.crystals: give either `sources`"),
        ("collections.glass.sources", [], "collections.glass: give either `sources` of comp"),
        ("composition_representations.jarvis.table", "jarvs", "did you mean 'jarvis'? known: comp"),
        ("composition_representations.jarvis.table", "glass", "a table of compositions and has n"),
        ("datasets.flla.source", "mnist", "{}: 'mnist' is a table of digits and has no crystals"),
        ("digits.source", "flla", "{}: 'flla' is a table of crystals and has no digits; known: mn"),
        ("digits.measures", ["i_vek"], "digits.measures.0: 'i_vek' is not one of"),
        ("datasets.flla.required_label", "gap", "{}: there is no 'gap'; known: e_above_hull, form"),
        ("tasks.formation_energy.dataset", "fla", "{}: there is no 'fla'; did you mean 'flla'?"),
        ("tasks.formation_energy.label", "e_above", "{}: there is no 'e_above'; did you mean 'e_a"),
        ("pretraining.pool.transductive", True, "variants.as_published: with a transductive pool"),
        ("pretraining.pool.datasets", ["flka"], "pool.datasets: there is no 'flka'; did you mean"),
        ("tasks.formation_energy.supervised_on", "gap", "{}: there is no 'gap'; known: band_gap"),
        ("label_masking.representations.extended.encoder", "corected", "did you mean 'corrected'?"),
        ("label_masking.representations.extended.heads", ["rigde"], "'rigde' is not one of"),
        ("label_masking.representations.extended", {"heads": ["mlp"]}, "'encoder' is a required"),
        ("label_masking.comparisons.corrected", ["untraind"], "did you mean 'untrained'?"),
        (
            "label_masking.standing",
            ["extended", "linear"],
            "{}: head of 'extended': there is no 'l",
        ),
        ("label_masking.representations.statistics.heads", ["linear"], "have no head in common"),
        ("label_masking.representations.dummy", {"heads": ["ridge"], "descriptors": []}, "dummy: "),
        ("label_masking.representations.dummy.readout", ["sites"], "'encoder' is a dependency of"),
        ("transfer.starts.corrected.encoder", "as_published", "of this name has another encoder"),
        ("transfer.seeds", [7], "{}: 7 is not in pretraining.seeds [0, 1]"),
        ("transfer.draws", 99, "{}: no more than label_masking.draws"),
        ("transfer.min_epochs", 300, "{}: no more than transfer.max_epochs"),
        ("tasks.band_gap.supervised_on", "band_gap", "{}: there is no 'band_gap'; known: form"),
        ("transfer.starts.corrected.encoder", "corected", "did you mean 'corrected'?"),
        ("figures.highlight", ["extnded"], "{}: there is no 'extnded'; did you mean 'extended'?"),
        ("embedding_map.representations", ["dummy"], "{}: 'dummy' is not the embedding of an enc"),
        ("sources.1", {}, "'1' does not match"),
        ("tasks.band_gap.n_labels", [1], "1 is less than the minimum of 2"),
        ("pretraining.variants.a/b", {}, "pretraining.variants: 'a/b' does not match"),
        ("tasks.formation_energy.split", {"by": "formula"}, "{}: 'test_fraction' is a required"),
        ("tasks.formation_energy.split", {"by": "file", "file": "f"}, "{}: 'test_fold' is a requ"),
    ],
)
def test_an_error_names_the_key_and_what_is_meant(place, value, message):
    merged = inner = config()
    *parents, last = place.split(".")
    for parent in parents:
        inner = inner[parent]
    inner[last] = value
    with pytest.raises(ConfigurationError) as caught:
        check(merged)
    assert message.format(place) in str(caught.value)


def test_a_task_needs_a_label_of_its_own_dataset():
    minerals = {"datasets": {"amcsd": {"source": "amcsd"}}}
    wrong = config({**minerals, "tasks": {"formation_energy": {"dataset": "amcsd"}}})
    with pytest.raises(ConfigurationError, match=r"tasks.formation_energy.label: .*known: none"):
        check(wrong)


def test_supervision_on_the_masked_label_is_refused():
    again = {"dataset": "dielectric", "label": "band_gap"}
    wrong = config({"tasks": {"again": again, "band_gap": {"supervised_on": "again"}}})
    with pytest.raises(ConfigurationError, match="'again' has the same label, 'band_gap'"):
        check(wrong)


def test_the_selection_of_the_presets_is_theirs():
    assert {name: o.selection for name, o in PRESETS.items()} == study._SELECTION


def test_ones_own_source_is_checked_and_can_be_used():
    overlay = {"sources": {"mine": MINE}, "datasets": {"piezo": {"source": "mine"}}}
    assert check(config(overlay))["mine"] == MINE
    with pytest.raises(ConfigurationError, match="mine: unknown key 'pth'; did you mean 'path'"):
        check(config({"sources": {"mine": {**MINE, "pth": "x"}}}))


def test_what_is_left_out_has_its_default():
    merged = config({"datasets": {"spare": {"source": "flla"}}})
    del merged["tasks"]["formation_energy"]["split"]
    check(merged)
    spare = {"source": "flla", "limit": None, "required_label": None, "drop_duplicates": True}
    assert merged["datasets"]["spare"] == spare
    assert (
        merged["tasks"]["formation_energy"]["split"]
        == config()["tasks"]["formation_energy"]["split"]
    )
    corrected = merged["pretraining"]["variants"]["corrected"]
    assert corrected["pool"] == config()["pretraining"]["pool"]
    assert corrected["trained"]
    assert merged["label_masking"]["representations"]["corrected"]["readout"] == ["embedding"]


def test_what_an_overlay_sets_to_null_is_taken_out_with_what_names_it():
    merged = config(
        {
            "datasets": {"dielectric": None, "amcsd": None},
            "pretraining": {
                "variants": {"corrected": None, "extended": {"pool": {"fraction": 0.5}}}
            },
            "label_masking": {"representations": {"xrd_pattern": None, "statistics": None}},
            "transfer": {"starts": {"supervised": None}},
        }
    )
    check(merged)
    assert list(merged["tasks"]) == ["formation_energy"]
    assert set(merged["collections"]) == {"aflow", "expt_gap", "glass", "phonons", "mp", "crystals"}
    assert merged["tasks"]["formation_energy"]["supervised_on"] is None
    pool = {"datasets": ["flla", "elastic", "piezo"], "transductive": False, "fraction": 0.5}
    assert merged["pretraining"]["variants"]["extended"]["pool"] == pool
    masking, transfer, figures = (merged[key] for key in ("label_masking", "transfer", "figures"))
    assert not {"corrected", "xrd_pattern", "statistics"} & set(masking["representations"])
    assert masking["comparisons"]["as_published"] == ["untrained_as_published"]
    assert masking["comparisons"]["extended"] == ["extended_untrained", "magpie_statistics"]
    assert "corrected" not in masking["comparisons"]
    assert set(transfer["starts"]) == {"scratch_as_published", "as_published", "scratch"}
    assert list(transfer["comparisons"]) == ["as_published"]
    assert {"corrected", "xrd_pattern"}.isdisjoint(arm for arm, _ in figures["methods"])
    assert figures["pool_curve"] == ["untrained"]
    assert merged["embedding_map"]["representations"] == ["untrained"]
    assert masking["standing"] == ["extended", "trees_and_gp"]
    without = config({"label_masking": {"representations": {"extended": None}}})
    check(without)
    assert without["label_masking"]["standing"] is None


def test_datasets_are_used_by_a_task_a_collection_or_by_pretraining():
    changed = config({"datasets": {"spare": config()["datasets"]["flla"]}})
    check(changed)
    assert study.datasets_used(changed) == ["flla", "dielectric", "elastic", "piezo", "amcsd"]
    changed = config(
        {
            "datasets": {"spare": config()["datasets"]["flla"]},
            "pretraining": {"pool": {"datasets": ["spare"]}},
            "collections": {"minerals": None},
        }
    )
    check(changed)
    assert study.datasets_used(changed) == ["flla", "dielectric", "spare"]


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"kind": "package", "member": "deep/table.csv.gz"}, "raw/s/table.csv.gz"),
        ({"kind": "url", "url": "https://a.org/b/table.csv"}, "raw/s/table.csv"),
        ({"kind": "url", "url": "https://a.org/get?id=1", "file": "t.csv"}, "raw/s/t.csv"),
        ({"kind": "materials_project"}, "raw/s/materials.jsonl"),
        ({"kind": "zip", "path": "/home/me/my.zip"}, "/home/me/my.zip"),
        ({"kind": "compositions", "path": "my.parquet"}, "my.parquet"),
    ],
)
def test_raw_data_are_in_the_folder_of_their_source_or_stay_where_they_are(spec, path):
    assert study.raw_data("s", spec, "raw") == path


def test_a_parse_of_the_workflow_loads_nothing_heavy():
    heavy = "{'numpy', 'pandas', 'pyarrow', 'torch', 'pymatgen', 'requests'}"
    code = f"import sys, unlabelled.study, unlabelled.code; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
