from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch

from unlabelled import tables
from unlabelled.infomax import pool as pools
from unlabelled.infomax import runs
from unlabelled.infomax.history import SCHEMA
from unlabelled.infomax.initial import initial_encoder
from unlabelled.infomax.options import PRESETS
from unlabelled.point_set.quotient import SiteClasses, every_site, quotient
from unlabelled.point_set.shards import write_shard
from unlabelled.site_net import weights


@pytest.fixture
def job(many, tmp_path):
    """Where to read: two datasets, the second without labels; crystal 3 is not used."""
    chosen = []
    for name, part in {"task": slice(0, 16), "minerals": slice(16, 24)}.items():
        ids = [f"{i}" for i in range(part.stop - part.start)]
        (tmp_path / name).mkdir()
        write_shard(tmp_path / name / "part-0.arrow", zip(ids, many.point_sets[part], strict=True))
        label = {"gap": many.labels[part, 0]} if name == "task" else {}
        pd.DataFrame({"material_id": ids, **label})[::-1].to_parquet(tmp_path / f"{name}.parquet")
        chosen += [(name, i, (name, i) != ("task", "3"), "") for i in ids]
    frame = pd.DataFrame(chosen, columns=pools.SCHEMA.names)
    tables.write(frame, tmp_path / "pool.parquet", pools.SCHEMA, {})
    return {
        "pool": str(tmp_path / "pool.parquet"),
        "datasets": ["task", "minerals"],
        "crystals": [str(tmp_path / f"{name}.parquet") for name in ("task", "minerals")],
        "point_sets": [str(tmp_path / name) for name in ("task", "minerals")],
        "labels": ["gap", "hardness"],
    }


def pretrain(job, folder, **changes):
    training = {"learning_rate": 1e-3, "max_epochs": 2, "patience": 9, "sites_per_batch": 24}
    settings = {
        "encoder": str(folder / "encoder.safetensors"),
        "history": str(folder / "history.parquet"),
        "variant_name": "mine",
        "settings": {"preset": "corrected", "kl_weight": 0.2},
        "training": {**training, "accelerator": "cpu"},
        "seed": 5,
        "run_seed": 1,
        "threads": 1,
        "code": "c0de",
    }
    runs.pretrain_run(**{**job, **settings, **changes})
    return weights.load(folder / "encoder.safetensors").state_dict()


def test_the_pool_has_its_crystals_with_their_labels_and_no_other(job, many):
    names, crystals = runs.read_pool(**job, quotient=False)
    used = [i for i in range(24) if i != 3]
    assert names == [f"task/{i}" if i < 16 else f"minerals/{i - 16}" for i in used]
    known = many.labels[[i for i in used if i < 16], 0]
    np.testing.assert_allclose(crystals.labels[:15, 0], (known - known.mean()) / known.std())
    assert np.isnan(crystals.labels[15:, 0]).all()
    assert np.isnan(crystals.labels[:, 1]).all()
    merged = runs.read_pool(**job, quotient=True)[1]
    for sites, classes, i in zip(crystals.point_sets, merged.point_sets, used, strict=True):
        for found, form in ((sites, every_site), (classes, quotient)):
            expected = form(many.point_sets[i])
            assert all(
                (getattr(found, f) == getattr(expected, f)).all() for f in SiteClasses.__slots__
            )


def test_a_run_leaves_weights_history_and_provenance_and_no_checkpoints(job, tmp_path):
    trained = pretrain(job, tmp_path / "a")
    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert names == {"encoder.safetensors", "history.parquet", "training"}
    assert {path.name for path in (tmp_path / "a/training").iterdir()} == {"csv", "tensorboard"}
    history = tables.read(tmp_path / "a" / "history.parquet")
    assert pq.read_schema(tmp_path / "a" / "history.parquet").names == SCHEMA.names
    assert (set(history.variant), set(history.seed), set(history.epoch)) == ({"mine"}, {1}, {0, 1})
    stored = tables.provenance(tmp_path / "a" / "history.parquet")
    assert (stored["variant"]["kl_weight"], stored["code"], stored["run_seed"]) == (0.2, "c0de", 1)
    start = initial_encoder(PRESETS["corrected"], 5, 1).state_dict()
    assert not all(torch.equal(start[name], trained[name]) for name in start)
    again = pretrain(job, tmp_path / "b")
    assert all(torch.equal(trained[name], again[name]) for name in trained)


def test_a_run_that_is_killed_at_its_end_can_be_made_again(job, tmp_path, monkeypatch):
    def killed(path, *arguments, **options):
        if path.suffix == ".ckpt":
            raise KeyboardInterrupt
        unlink(path, *arguments, **options)

    unlink = Path.unlink
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            pretrain(job, tmp_path / "a")
    again = pretrain(job, tmp_path / "a")
    trained = pretrain(job, tmp_path / "b")
    assert all(torch.equal(trained[name], again[name]) for name in trained)
    assert not list(tmp_path.rglob("*.ckpt"))


def test_only_the_same_run_may_take_up_its_checkpoints(job, many, tmp_path, monkeypatch):
    folders = []

    def interrupted(crystals, options, training, key, folder):
        folders.append((folder, key))
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "pretrain", interrupted)
    changes = [
        {},
        {"seed": 6},
        {"run_seed": 2},
        {"code": "other"},
        {"settings": {"preset": "corrected"}},
    ]
    for change in [*changes, {"datasets": ["task", "other"]}, {}]:
        with pytest.raises(KeyboardInterrupt):
            pretrain(job, tmp_path, **change)
    assert folders[0] == folders[-1]
    write_shard(tmp_path / "task" / "part-0.arrow", [("0", many.point_sets[1])])
    with pytest.raises(KeyboardInterrupt):
        pretrain(job, tmp_path)
    assert len({folder for folder, _ in folders}) == len(changes) + 2
    assert len({key for _, key in folders}) == 3
