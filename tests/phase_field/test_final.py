"""Candidates, from tables of fields to a ranking."""

import numpy as np
import pandas as pd
import pytest

from unlabelled import tables
from unlabelled.phase_field import (
    accessible,
    candidates,
    convergence,
    cross_validation,
    element_vectors,
    ensemble,
    final,
    prediction,
    property_table,
)
from unlabelled.phase_field.fields import ELEMENTS, ids

NETWORK = {
    "members": 3,
    "width": 16,
    "heads": 2,
    "dropout": 0.1,
    "epochs": 80,
    "learning_rate": 1e-2,
    "weight_decay": 0.01,
    "fields_per_batch": 32,
    "accelerator": "cpu",
}
HOW = {"n_inner": 3, "transform": "log1p", "seed": 0, "threads": 1, "provenance": {}}
METALS = ["Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br"]
OTHERS = [symbol for symbol in ELEMENTS if symbol not in METALS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Fields of magnets, reported fields, vectors of the elements."""
    folder = tmp_path_factory.mktemp("fields")
    random = np.random.default_rng(0)
    drawn = {" ".join(sorted(random.choice(METALS, size, False))) for size in (2, 3) * 60}
    names = sorted(drawn)
    value = np.array([500.0 if "Fe" in name.split() else 5.0 for name in names])
    frame = pd.DataFrame({"field": names, "value": value, "above": value > 300})
    frame["n_elements"] = [name.count(" ") + 1 for name in names]
    frame["n_compositions"] = 1
    tables.write(frame, folder / "fields.parquet", property_table.schema("K"), {})
    reported = pd.DataFrame({"field": names, "mine": True})
    reported.to_parquet(folder / "reported.parquet")
    vectors = random.normal(size=(87, 4)).astype(np.float32)
    rows = pd.DataFrame({"element": ELEMENTS, "vector": list(vectors)})
    rows.to_parquet(folder / "vectors.parquet")
    accessible.write_candidates(
        folder / "reported.parquet",
        folder / "vectors.parquet",
        folder / "candidates.parquet",
        {"members": 1, "epochs": 2},
        size=3,
        exclude=OTHERS,
        seed=0,
        threads=1,
        provenance={},
    )
    final.write_ensemble(
        folder / "fields.parquet",
        folder / "vectors.parquet",
        folder / "ensemble.safetensors",
        NETWORK,
        members=6,
        **HOW,
    )
    return folder


def predicted(folder, model, source):
    path = folder / f"{model['kind']}.parquet"
    paths = (folder / "fields.parquet", folder / "candidates.parquet", source, path)
    final.write_predictions(*paths, model, NETWORK, unit="K", **HOW)
    return path


def test_vectors_are_read_as_they_were(folder):
    assert element_vectors.read(folder / "vectors.parquet").shape == (87, 4)


def test_candidates_are_all_fields_that_are_not_reported(folder):
    rows = tables.read(folder / "candidates.parquet")
    reported = set(tables.read(folder / "reported.parquet")["field"])
    ternary = sum(name.count(" ") == 2 for name in reported)
    assert len(rows) == 120 - ternary
    assert not set(rows["field"]) & reported
    assert rows["accessibility"].between(0, 1).all()


@pytest.mark.parametrize("kind", ["network", "extra_trees"])
def test_fields_with_iron_are_ranked_first(folder, kind):
    source = "ensemble.safetensors" if kind == "network" else "vectors.parquet"
    path = predicted(folder, {"kind": kind}, folder / source)
    rows = tables.read(path)
    test = rows[rows["part"] == "test"].set_index("field")
    has_iron = test.index.str.contains("Fe")
    assert test.loc[has_iron, "probability"].min() > test.loc[~has_iron, "probability"].max()
    assert test["value"].isna().all()
    assert (test["lower"] <= test["predicted"]).all()
    assert (test["predicted"] <= test["upper"]).all()
    candidates.write(
        path,
        folder / "candidates.parquet",
        folder / "reported.parquet",
        folder / "ranked.parquet",
        unit="K",
        threshold=300,
        top=5,
        provenance={},
    )
    ranked = tables.read(folder / "ranked.parquet")
    assert (ranked["rank"].head(5) == np.arange(1, 6)).all()
    assert ranked["field"].head(5).str.contains("Fe").all()
    assert ranked["on_front"].any()


def test_the_ensemble_speaks_of_known_fields_as_it_was_trained(folder):
    path = predicted(folder, {"kind": "network"}, folder / "ensemble.safetensors")
    inner = tables.read(path).query("part == 'inner'")
    known = prediction.read(folder / "fields.parquet")
    numbers, _ = cross_validation.draws((0, 0, ""), known.above, 3, 0)
    found = ensemble.load(folder / "ensemble.safetensors")
    said = ensemble.out_of_fold(found, known.ids, numbers)
    np.testing.assert_allclose(inner["score"], said.probability, rtol=1e-5)


def test_candidates_of_another_list_are_refused(folder):
    path = predicted(folder, {"kind": "network"}, folder / "ensemble.safetensors")
    rows = tables.read(folder / "candidates.parquet")
    rows.iloc[::-1].to_parquet(folder / "turned.parquet")
    paths = (folder / "turned.parquet", folder / "reported.parquet", folder / "x.parquet")
    with pytest.raises(ValueError, match="not of the same fields"):
        candidates.write(path, *paths, unit="K", threshold=300, top=5, provenance={})


def test_means_over_more_members_change_less(folder):
    found = ensemble.load(folder / "ensemble.safetensors")
    rows = convergence.convergence(found, prediction.read(folder / "fields.parquet"))
    assert rows["members"].tolist() == [1, 2, 3, 4, 5]
    assert rows["probability"].iloc[-1] < rows["probability"].iloc[0]
    outputs = found.outputs(ids(tables.read(folder / "fields.parquet")["field"].tolist()))
    first, mean = outputs.value[0].astype(float), outputs.value.mean(axis=0, dtype=float)
    assert rows["value"].iloc[0] == pytest.approx(((first - mean) ** 2).mean() / mean.var())


def test_how_many_published_candidates_were_known(tmp_path):
    published = tmp_path / "published.csv"
    published.write_text(
        "property,field,probability,score,value\nt,Fe N Nb,.74,.16,19.6\nt,K N Nb,.72,.18,\n"
    )
    reported = pd.DataFrame(
        {"field": ["Fe N Nb", "Fe O"], "icsd": [True, True], "mp": [False, True]}
    )
    reported.to_parquet(tmp_path / "reported.parquet")
    paths = (published, tmp_path / "reported.parquet", tmp_path / "headline.parquet")
    candidates.write_headline(*paths, {})
    rows = tables.read(tmp_path / "headline.parquet").set_index("field")
    assert rows["anywhere"].to_dict() == {"Fe N Nb": True, "K N Nb": False}
    assert rows["mp"].tolist() == [False, False]
    assert np.isnan(rows.loc["K N Nb", "value"])
