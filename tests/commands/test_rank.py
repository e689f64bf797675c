"""Ranking and explaining sets of elements, as a person calls it."""

import json

import numpy as np
import pandas as pd
import pytest

from unlabelled import code
from unlabelled.phase_field import baselines
from unlabelled.phase_field.reported import reported_fields

METALS = ["Li", "Na", "K", "Rb", "Mg", "Ca", "Sr", "Ba", "Al", "Ga", "In", "Zn"]
ANIONS = ["O", "S", "Se", "Te", "F", "Cl", "Br", "I", "N", "P"]


@pytest.fixture(autouse=True)
def of_cache(cache, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setattr(baselines, "_TREES", 10)


@pytest.fixture
def run(call, properties):
    """Function that calls a command with the table."""

    def called(*arguments, table=properties, status=0, threshold=10, model="logistic"):
        options = ["--property", table, "--value", "Tc", "--threshold", threshold, "--model", model]
        return call(*arguments, *options, status=status)

    return called


@pytest.mark.parametrize("model", ["logistic", "extra_trees"])
def test_unreported_sets_with_fluorine_are_ranked_first(run, tmp_path, model):
    written = tmp_path / "candidates.csv"
    done = run("rank", "--size", 2, "--top", 5, "--unit", "K", "-o", written, "--json", model=model)
    rows = pd.DataFrame(json.loads(done.stdout))
    assert rows["rank"].head(5).tolist() == list(range(1, 6))
    assert rows["field"].head(5).str.split().map(lambda symbols: "F" in symbols).all()
    with_fluorine = rows[rows["field"].str.split().map(lambda symbols: "F" in symbols)]
    assert (with_fluorine["value"] > 15).all()
    assert (rows["lower"] <= rows["value"]).all()
    assert (rows["value"] <= rows["upper"]).all()
    assert rows["probability"].max() > 0.9
    pd.testing.assert_frame_equal(pd.read_csv(written), rows, check_dtype=False)
    assert "fields, 24 of them above 10 K" in done.stderr
    assert "always the median" in done.stderr
    assert "no better" not in done.stderr
    area = float(done.stderr.partition("area under ROC ")[2].split()[0])
    assert area > 0.95


def test_candidates_are_in_no_collection_and_not_in_the_table(run, properties):
    done = run("rank", "--size", 2, "--top", 5000, "--json", "--exclude", "Nb", "--exclude", "H")
    found = {row["field"] for row in json.loads(done.stdout)}
    reported = set(reported_fields()["field"])
    assert {"Mg O", "Fe Li O"} <= reported
    own = {" ".join(sorted([metal, anion])) for metal in METALS for anion in ANIONS}
    assert not found & (reported | own)
    assert not any({"Nb", "H"} & set(name.split()) for name in found)
    assert any("Xe" in name.split() for name in found)  # the default groups were replaced
    two = 85 * 84 // 2
    of_two = {name for name in reported if name.count(" ") == 1}
    assert len(found) == two - len(own | of_two)


def test_rows_that_cannot_be_used_are_named(run):
    said = run("rank", "--size", 2).stderr
    assert "left out: Xx2: unsupported element" in said
    assert "left out: MnO: missing label" in said
    assert "left out: FeRa: unsupported element: Ra: not among the 87" in said


def test_ranks_repeat_themselves(run):
    first = run("rank", "--size", 2, "--json", model="extra_trees").stdout
    assert run("rank", "--size", 2, "--json", model="extra_trees").stdout == first


def test_what_is_no_better_than_a_constant_is_said(run, tmp_path):
    random = np.random.default_rng(3)
    formulas = [f"{metal}{anion}" for metal in METALS for anion in ANIONS]
    values = random.permutation(len(formulas)) / 10
    table = tmp_path / "noise.csv"
    pd.DataFrame({"formula": formulas, "Tc": values}).to_csv(table, index=False)
    said = run("rank", "--size", 2, table=table, threshold=6).stderr
    assert "no better than chance: do not believe the ranking" in said
    assert "no better than always the median" in said


def test_sets_unlike_the_table_are_flagged(run):
    done = run("rank", "--size", 2, "--top", 5000, "--json")
    rows = pd.DataFrame(json.loads(done.stdout)).set_index("field")
    assert not rows["inside"].all()
    outside = rows.index[~rows["inside"]]
    assert (
        f"{len(outside)} of {len(rows)} that are listed are unlike all of the table" in done.stderr
    )
    foreign = np.array([not set(name.split()) <= {*METALS, *ANIONS, "Cu"} for name in rows.index])
    assert not rows.loc[foreign, "inside"].any()
    met = rows[~foreign]
    assert met["inside"].any()
    assert not met["inside"].all()
    far, near = met.loc[~met["inside"], "distance"], met.loc[met["inside"], "distance"]
    assert far.min() > near.max()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"value": "tc"}, "has no column 'tc'; its columns are: 'formula', 'Tc'"),
        ({"threshold": 100}, "all on one side of the threshold 100"),
        ({"exclude": "Zz"}, "Zz: not among the 87 elements"),
        ({"output": "candidates.xlsx"}, "ends in .csv or .parquet"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(call, properties, arguments, message):
    arguments = {"property": properties, "value": "Tc", "threshold": 10, **arguments}
    options = [part for name, given in arguments.items() for part in (f"--{name}", given)]
    done = call("rank", "--size", 2, "--model", "logistic", *options, status=1)
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert message in line
    assert done.stdout == ""


def test_a_table_without_formulas_is_refused(run, tmp_path):
    (tmp_path / "debris.csv").write_text("formula,Tc\nnothing,3\nXx,4\n")
    done = run("rank", table=tmp_path / "debris.csv", status=1)
    assert "none of 2 formulas can be used" in done.stderr


def test_reported_fields_are_gathered_once(monkeypatch, caplog):
    caplog.set_level("INFO", "unlabelled")
    first = reported_fields()
    caplog.clear()
    again = reported_fields()
    assert not caplog.messages
    pd.testing.assert_frame_equal(again, first)
    assert list(first.columns) == ["field", "mp", "aflow", "expt_gap"]
    monkeypatch.setattr(code, "digest", lambda path: "edited")
    reported_fields()
    assert "gathering reported fields of mp, aflow, expt_gap" in caplog.messages


def explained(run, field, **how):
    return json.loads(run("explain", field, "--json", **how).stdout)


def test_a_set_is_explained_by_its_elements(run):
    found = explained(run, "Zr-F")
    assert found["field"] == "F Zr"
    assert found["probability"] > 0.5
    assert found["lower"] <= found["value"] <= found["upper"]
    assert found["value_in_table"] is None
    assert found["reported_in"] == []
    parts = {one["element"]: one for one in found["elements"]}
    assert parts["F"]["probability"] > 0.4
    assert parts["F"]["value"] > 10
    assert abs(parts["Zr"]["value"]) < 10
    assert all("F" in near["field"].split() for near in found["nearest"])
    for same in ("Zr F", "ZrF4", "F4Zr"):
        assert explained(run, same) == found


def test_parts_are_differences_of_what_is_said_of_sets(run):
    pair, one = explained(run, "Zr-F"), explained(run, "Zr")
    part = next(part for part in pair["elements"] if part["element"] == "F")
    assert part["value"] == pytest.approx(pair["value"] - one["value"])
    assert part["probability"] == pytest.approx(pair["probability"] - one["probability"])
    assert one["elements"] == []


def test_a_set_of_the_table_is_not_learnt_from(run, properties):
    found = explained(run, "Mg-O")
    with properties.open("a") as file:
        file.write("\nMg2O,1000000")
    told = explained(run, "Mg-O")
    assert found["value_in_table"] < 10
    assert told.pop("value_in_table") == 1e6
    assert found.pop("value_in_table")
    assert told == found
    assert found["reported_in"] == ["mp", "aflow", "expt_gap"]
    assert all(near["field"] != "Mg O" for near in found["nearest"])


def test_sets_like_the_table_are_inside_and_others_are_not(run):
    assert explained(run, "Mg-O")["inside"]
    strange = explained(run, "La-Ce-Pr-Nd-Sm-Eu-Gd")
    assert not strange["inside"]
    said = run("explain", "La-Ce-Pr-Nd-Sm-Eu-Gd").stdout
    assert "unlike anything in it, do not believe the above" in said


def test_an_explanation_can_be_read(run):
    said = run("explain", "Mg-F", "--unit", "K").stdout
    assert said.startswith("F Mg\n  above 10 K: probability ")
    assert "tc.csv: 3" in said
    assert " K, not learnt from" in said
    assert "reported in " in said
    assert "    F: probability +" in said


@pytest.mark.parametrize("field", ["Mg-Xx", "nothing", "RaF2", ""])
def test_what_is_no_set_is_refused(run, field):
    done = run("explain", field, status=1)
    assert done.stderr.startswith(f"Error: FIELD: {field!r}")
    assert len(done.stderr.splitlines()) == 1
