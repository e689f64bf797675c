"""The command line, as a person or a program calls it."""

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml

from unlabelled import default_study
from unlabelled.commands import main
from unlabelled.isotropy import isotropy

FORMULAS = ["NaCl", "KBr", "MgO", "CaO", "Fe2O3", "TiO2", "SiO2", "GaAs", "ZnS", "CuInSe2"]


@pytest.fixture
def points(tmp_path):
    random = np.random.default_rng(0)
    table = pd.DataFrame(random.standard_normal((40, 3)) * [1, 2, 3], columns=["x", "y", "z"])
    table.assign(cluster=["a", "b"] * 20, name=[f"n{i}" for i in range(40)]).to_csv(
        tmp_path / "points.csv", index=False
    )
    return tmp_path / "points.csv"


@pytest.fixture
def formulas(tmp_path):
    path = tmp_path / "formulas.csv"
    path.write_text("\n".join(["formula", *FORMULAS, "MgO", "Xx2"]))
    return path


def test_every_command_teaches(call):
    for name in main.commands:
        text = call(name, "--help").output
        assert len(text.splitlines()) > 8, name
        assert "  Example:\n    unlabelled" in text or name == "doctor"


def test_isotropy_is_that_of_the_library(call, points):
    table = pd.read_csv(points)
    done = call("isotropy", points, "--labels", "cluster", "--ignore", "name", "--json")
    found = {row["measure"]: row for row in json.loads(done.stdout)}
    for measure in ("i_vec", "isoscore"):
        value = float(isotropy(table[["x", "y", "z"]], table["cluster"], measure=measure))
        assert found[measure]["value"] == pytest.approx(value, rel=1e-12)
        assert found[measure]["z"] < -2  # far from round


def test_published_measures_stand_beside(call, points, tmp_path):
    written = tmp_path / "measures.parquet"
    command = ["isotropy", points, "--labels", "cluster", "--ignore", "name", "--published"]
    call(*command, "-o", written)
    implementations = pd.read_parquet(written).groupby("implementation")["measure"].agg(set)
    assert implementations["published"] == {"i_vec"}
    assert len(implementations["corrected"]) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--labels", "cluster"], "'n0' in row 1 of the column 'name' is not a finite number"),
        (["--labels", "clusters"], "no column 'clusters'; its columns are: x, y, z"),
        (["--ignore", "name", "--measure", "roundness"], "there is no measure 'roundness'"),
        (["--ignore", "name", "--ignore", "cluster", "-o", "x.xlsx"], "ends in .csv or .parquet"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_in_one_line(call, points, arguments, message):
    done = call("isotropy", points, *arguments, status=1)
    assert message in done.stderr
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_a_wrong_call_has_a_status_of_its_own(call, points):
    call("isotropy", "absent.csv", status=2)
    call("isotropy", points, "--colour", "red", status=2)
    call("roundness", status=2)


def test_formulas_are_clustered_and_what_cannot_be_is_named(call, formulas, tmp_path):
    written = tmp_path / "clusters.csv"
    command = ["cluster", formulas, "--representation", "compVec", "-k", 2, "-k", 3, "--json"]
    done = call(*command, "-o", written)
    assert "Xx2" in done.stderr
    assert "10 compositions; 1 rows repeat one, 1 are left out" in done.stderr
    assert [row["k"] for row in json.loads(done.stdout)] == [2, 3]
    clusters = pd.read_csv(written, keep_default_na=False)
    assert clusters["formula"].tolist() == FORMULAS
    assert clusters["cluster_of_3"].nunique() == 3
    assert call(*command).stdout == done.stdout


def test_names_that_are_not_known_are_answered_with_those_that_are(call, formulas):
    for option, of in (("--kernel", "kernels"), ("--representation", None)):
        done = call("cluster", formulas, option, "nonsense", status=1)
        config, _ = default_study.read()
        known = config["clustering"][of] if of else config["composition_representations"]
        assert all(name in done.stderr for name in known)


def test_sources_are_listed(call):
    listed = json.loads(call("fetch", "--json").stdout)
    assert {"source": "flla", "holds": "crystals", "from": "package"}.items() <= listed[0].items()
    assert {row["source"] for row in listed} == set(default_study.read()[1])


def test_the_doctor_says_what_is_there(call):
    found = {row["what"]: row for row in json.loads(call("doctor", "--json").stdout)}
    assert found["numpy"]["detail"] == np.__version__
    assert found["torch"]["state"] == "found"


def test_measures_clusters_and_sets_need_neither_networks_nor_the_workflow(
    points, formulas, properties, cache
):
    program = """
import sys
ABSENT = {"torch", "lightning", "numba", "safetensors", "snakemake", "matplotlib", "plotly"}
class Finder:
    def find_spec(name, path, target=None):
        if name in ABSENT:
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, Finder)
from unlabelled.commands import main
main(sys.argv[1:])
"""
    of_sets = ["--property", properties, "--value", "Tc", "--threshold", "10"]
    for arguments in (
        ["isotropy", points, "--labels", "cluster", "--ignore", "name"],
        ["rank", *of_sets, "--size", "2", "--model", "logistic"],
        ["explain", "Mg-F", *of_sets, "--model", "logistic"],
        ["cluster", formulas, "--representation", "compVec", "-k", "2"],
        ["doctor"],
    ):
        command = [sys.executable, "-c", program, *map(str, arguments)]
        environment = os.environ | {"XDG_CACHE_HOME": str(cache)}
        subprocess.run(command, check=True, capture_output=True, env=environment)
    without_networks = program.replace('"matplotlib", ', "")  # pymatgen brings it
    command = [sys.executable, "-c", without_networks, "embed", str(points.parent)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.endswith("; pip install 'unlabelled[networks]'\n")
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture
def crystals(tmp_path):
    """A folder and a table of labels; their content is not read before the study runs."""
    (tmp_path / "cifs").mkdir()
    rows = [f"c{i},{i / 10}" for i in range(200)]
    (tmp_path / "gaps.csv").write_text("\n".join(["name,Band gap", *rows, "c200,"]))
    return tmp_path


def test_a_study_is_started_with_what_was_given(call, crystals):
    labels = ["--labels", crystals / "gaps.csv", "--label", "Band gap", "--unit", "eV"]
    folder = crystals / "my-study"
    call("init", folder, "--crystals", crystals / "cifs", *labels, "--threshold", 3)
    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert config["scale"] == "my-study"
    mine = config["sources"]["mine"]
    assert (folder / mine["path"]).samefile(crystals / "cifs")
    assert (folder / mine["label_table"]["path"]).samefile(crystals / "gaps.csv")
    assert mine["label_table"]["labels"] == {"band_gap": {"column": "Band gap", "unit": "eV"}}
    assert config["tasks"]["band_gap"]["n_labels"] == [50, 100]  # of 200, for training and tests
    assert config["phase_fields"]["properties"]["band_gap"]["threshold"] == 3
    assert "my-study" in (folder / "README.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["my study", "--crystals", "cifs"], "becomes that of the study"),
        (["cifs", "--crystals", "cifs"], "exists already"),
        (["new", "--crystals", "cifs", "--labels", "gaps.csv"], "needs --label"),
        (
            ["new", "--crystals", "cifs", "--labels", "gaps.csv", "--label", "gap"],
            "no column 'gap'",
        ),
        (
            ["new", "--crystals", "cifs", "--labels", "few.csv", "--label", "gap"],
            "too few to learn",
        ),
    ],
)
def test_a_study_that_cannot_be_is_not_begun(call, crystals, monkeypatch, arguments, message):
    monkeypatch.chdir(crystals)
    (crystals / "few.csv").write_text("name,gap\na,1\nb,2\n")
    assert message in call("init", *arguments, status=1).stderr
    assert not (crystals / "new").exists()
