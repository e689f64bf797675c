"""Commands on crystals of one's own: from files to vectors, models and predictions."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from unlabelled import own_crystals
from unlabelled.estimators.crystals import DeepInfoMaxEmbedder
from unlabelled.label_masking import describe
from unlabelled.property_model import model as models
from unlabelled.property_model import ways
from unlabelled.site_net import weights

FEW = 200  # crystals shown in fine-tuning, of 30,000


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    from dataclasses import replace

    options = replace(ways.fine_tuning_options(), passes=FEW, min_epochs=1)
    monkeypatch.setattr(ways, "fine_tuning_options", lambda: options)


def test_an_encoder_of_ones_own_knows_its_crystals(encoder, files, call, tmp_path):
    assert sorted(path.name for path in encoder.parent.iterdir()) == ["mine"]
    card = (encoder / "card.md").read_text()
    assert "66 crystals, given by you; no label was used" in card
    written = tmp_path / "vectors.parquet"
    done = call("embed", files / "cifs", "--encoder", encoder, "-o", written, "--json")
    assert "left out: broken: no sites" in done.stderr
    assert "66 crystals embedded; 1 left out (1 no sites); 0 unlike" in done.stderr
    rows = pd.DataFrame(json.loads(done.stdout))
    assert (rows["distance"] < 1e-4).all()
    assert rows["inside"].all()
    table = pd.read_parquet(written)
    assert table["material_id"].tolist() == rows["material_id"].tolist()
    assert list(table.columns[-2:]) == ["sites_62", "sites_63"]


def test_the_same_crystals_and_seed_make_the_same_encoder(encoder, files, call, tmp_path):
    call("pretrain", files / "cifs", "--epochs", 2, "-o", tmp_path / "again")
    for name in ("encoder.safetensors", "domain.safetensors", "card.md"):
        assert (tmp_path / "again" / name).read_bytes() == (encoder / name).read_bytes()


def test_vectors_do_not_depend_on_the_format_and_strange_crystals_are_outside(
    encoder, files, salts, call, tmp_path
):
    written = tmp_path / "vectors.csv"
    call("embed", files / "others", "--encoder", encoder, "-o", written)
    table = pd.read_csv(written).set_index("material_id")
    vectors = DeepInfoMaxEmbedder(encoder).fit([]).transform([salts["NaCl"]])
    assert table.loc["POSCAR_NaCl"].iloc[3:].to_numpy(float) == pytest.approx(vectors[0], abs=1e-4)
    assert table["inside"].to_dict() == {"POSCAR_NaCl": True, "W": False}


def test_a_model_is_compared_before_it_is_made_and_predicts(encoder, files, call, tmp_path):
    folder = tmp_path / "model"
    labels = ["--labels", files / "labels.csv", "--label", "length", "--unit", "Å"]
    finetune = ["finetune", files / "cifs", *labels, "--encoder", encoder]
    done = call(*finetune, "-o", folder, "--json")
    assert "5 crystals have no label" in done.stderr
    errors = pd.DataFrame(json.loads(done.stdout)).set_index("way")
    assert set(errors.index) == set(ways.WAYS)
    assert errors.loc["constant", "share"] == 1
    assert errors.loc["sites", "share"] < 0.3  # the length is in the radii
    assert errors["pretraining"].notna().sum() == 2
    change = errors.loc["sites", "mae"] - errors.loc["sites_untrained", "mae"]
    assert errors.loc["sites", "pretraining"] == pytest.approx(change, rel=1e-9)
    about = json.loads((folder / "model.json").read_text())
    assert about["way"] == errors["mae"].idxmin()

    written = tmp_path / "found.csv"
    call("predict", folder, files / "cifs", "-o", written)
    found = pd.read_csv(written).set_index("material_id")
    known = pd.read_csv(files / "labels.csv").set_index("name")["length"]
    unseen = found.drop(index=known.index)
    assert len(unseen) == 4
    assert found.loc[known.index, "distance"].max() < 1e-4
    assert ((found["upper"] - found["lower"]) / 2).to_numpy() == pytest.approx(about["half_width"])
    inside = known.between(found.loc[known.index, "lower"], found.loc[known.index, "upper"])
    assert inside.mean() >= 0.9

    done = call("predict", folder, files / "others")
    assert "1 are unlike all with labels: do not trust these" in done.stderr


@pytest.mark.parametrize("way", ["network", "sites_untrained"])
def test_of_the_best_way_a_model_is_kept(encoder, files, call, tmp_path, monkeypatch, way):
    def as_if_it_were_best(crystals, pretrained, seed):
        labels = crystals.rows["label"].to_numpy(float)
        return {name: labels + (0.1 if name == way else 1) for name in ways.WAYS}

    monkeypatch.setattr(models, "cross_validate", as_if_it_were_best)
    labels = ["--labels", files / "labels.csv", "--label", "length"]
    call("finetune", files / "cifs", *labels, "--encoder", encoder, "-o", tmp_path / "model")
    assert (tmp_path / "model/network.safetensors").is_file() == (way == "network")
    same = weights.load(tmp_path / "model/encoder.safetensors").state_dict()
    trained = weights.load(encoder / "encoder.safetensors").state_dict()
    kept = all(torch.equal(same[name], trained[name]) for name in trained)
    assert kept == (way == "network")
    first, again = (
        call("predict", tmp_path / "model", files / "cifs", "--json").stdout for _ in range(2)
    )
    assert first == again
    found = pd.DataFrame(json.loads(first)).set_index("material_id")["length"]
    known = pd.read_csv(files / "labels.csv").set_index("name")["length"]
    assert found.loc[known.index].corr(known) > 0.9


def test_a_crystal_larger_than_those_trained_on_is_left_out(encoder, salts, call, tmp_path):
    salts["NaCl"].to(filename=str(tmp_path / "NaCl.cif"))
    large = salts["NaCl"] * [2, 2, 2]
    large.replace(0, "K")
    large.translate_sites([9], [0.02, 0.01, 0])  # so that no cell is smaller
    large.to(filename=str(tmp_path / "large.cif"))
    done = call("embed", tmp_path, "--encoder", encoder, "--json")
    assert [row["material_id"] for row in json.loads(done.stdout)] == ["NaCl"]
    assert "large: too many sites: primitive cell with 64 sites, 50 allowed" in done.stderr
    assert "1 crystals embedded; 1 left out (1 too many sites); 0 unlike" in done.stderr


def test_a_crystal_that_cannot_be_described_is_unlike_all(encoder, files, call, monkeypatch):
    def described(*arguments, **options):
        ids, found = describe.vectors(*arguments, **options)
        found[0] = np.nan
        return ids, found

    monkeypatch.setattr(own_crystals, "vectors", described)
    done = call("embed", files / "cifs", "--encoder", encoder, "--json")
    inside = [row["inside"] for row in json.loads(done.stdout)]
    assert inside[0] is False
    assert all(inside[1:])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("name,length\nNaCl,5.6\nKCl,6.3\n", "2 labelled crystals of 2 formulas: too few"),
        ("name,size\nNaCl,5.6\n", "has no column 'length'; its columns are: 'name', 'size'"),
        ("name,length\nNaCl,large\n", "can be used; see above for why"),
        ("name,length\nNaCl,1\nNaCl,2\n", "identifiers more than once"),
    ],
)
def test_labels_that_no_model_can_be_made_of(encoder, files, call, tmp_path, labels, message):
    (tmp_path / "labels.csv").write_text(labels)
    command = ["finetune", files / "cifs", "--labels", tmp_path / "labels.csv"]
    done = call(
        *command, "--label", "length", "--encoder", encoder, "-o", tmp_path / "model", status=1
    )
    assert message in done.stderr
    assert not (tmp_path / "model").exists()


def test_folders_that_are_not_what_they_should_be(encoder, files, call, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no model" in call("predict", empty, files / "others", status=1).stderr
    done = call("embed", files / "others", "--encoder", empty, status=1)
    assert "holds no encoder" in done.stderr
    assert "no crystals" in call("embed", empty, "--encoder", encoder, status=1).stderr
    done = call("pretrain", files / "others", "-o", encoder, status=2)
    assert "exists already" in done.stderr


def test_a_damaged_model_is_named(encoder, files, call, tmp_path):
    (tmp_path / "model.json").write_text("{")
    assert str(tmp_path) in call("predict", tmp_path, files / "others", status=1).stderr
