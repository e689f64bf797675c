from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from unlabelled import tables
from unlabelled.errors import UserError
from unlabelled.infomax.initial import initial_encoder
from unlabelled.infomax.options import PRESETS
from unlabelled.label_masking import fine_tuning, transfer, transfer_runs
from unlabelled.label_masking.evaluate import evaluate
from unlabelled.label_masking.fine_tuning import (
    FineTuningOptions,
    Job,
    fine_tune,
    fine_tune_all,
    predict,
    supervise,
)
from unlabelled.label_masking.schema import RESULTS
from unlabelled.label_masking.transfer import evaluate_transfer, supervised_crystals
from unlabelled.point_set.point_set import point_set
from unlabelled.point_set.quotient import quotient
from unlabelled.point_set.shards import write_shard
from unlabelled.site_net import weights as weight_files

OPTIONS = FineTuningOptions(
    learning_rate=1e-3,
    passes=60,
    min_epochs=1,
    max_epochs=100,
    crystals_per_batch=8,
    loss="mae",
    accelerator="cpu",
)
SETTINGS = {
    "task": "formation_energy",
    "label": "e_form",
    "arm": "corrected",
    "n_labels": 10,
    "draws": 2,
    "options": OPTIONS,
    "seed": 11,
}


@pytest.fixture(scope="module")
def point_sets(rock_salt):
    """Rock salts of four compositions at several volumes."""
    return [
        point_set(rock_salt(metal, anion, a), 50, 50)
        for a in np.linspace(4.2, 6.6, 6)
        for metal, anion in [("Na", "Cl"), ("Mg", "O"), ("K", "Br"), ("Li", "F")]
    ]


@pytest.fixture(scope="module")
def salts(point_sets):
    return [quotient(p) for p in point_sets]


@pytest.fixture(scope="module")
def labels():
    """Labels that composition and volume decide, the first above all; far from 0 and 1."""
    composition = np.tile([-3.0, 1.0, 0.5, 2.0], 6)
    return 40 + 5 * (composition + np.repeat(np.linspace(-0.2, 0.2, 6), 4))


@pytest.fixture(scope="module")
def encoder():
    return initial_encoder(PRESETS["corrected"], 0, 0)


@pytest.fixture
def data(salts, labels):
    """Classes, split, crystals; every eighth label is missing."""
    ids = [f"mp-{i}" for i in range(len(salts))]
    formulas = ["NaCl", "MgO", "KBr", "LiF"] * 6
    split = pd.DataFrame(
        {
            "material_id": ids,
            "formula_reduced": formulas,
            "part": ["test" if i % 3 == 0 else "train" for i in range(len(ids))],
        }
    )
    known = np.where(np.arange(len(ids)) % 8 == 1, np.nan, labels)
    crystals = pd.DataFrame({"material_id": ids, "formula_reduced": formulas, "e_form": known})
    return dict(zip(ids, salts, strict=True)), split, crystals


def weights(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def changed(before, after):
    return {name.partition(".")[0] for name in before if not torch.equal(before[name], after[name])}


def error(model, crystals, labels):
    return np.abs(predict(model, crystals, "cpu") - labels).mean()


@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_learns_in_the_unit_of_the_labels(encoder, salts, labels, loss):
    options = replace(OPTIONS, passes=100 * len(salts), loss=loss)
    model = fine_tune(encoder, salts, labels, options, seed=0)
    assert error(model, salts, labels) < 0.2 * np.abs(labels - labels.mean()).mean()


def test_unit_and_origin_of_the_labels_do_not_matter(encoder, salts, labels):
    first = predict(fine_tune(encoder, salts, labels, OPTIONS, seed=0), salts, "cpu")
    other = fine_tune(encoder, salts, 1000 * labels - 7, OPTIONS, seed=0)
    assert np.allclose(predict(other, salts, "cpu"), 1000 * first - 7, rtol=1e-3)


def test_equal_labels_are_predicted(encoder, salts):
    model = fine_tune(encoder, salts, np.full(len(salts), 3.0), OPTIONS, seed=0)
    assert np.allclose(predict(model, salts, "cpu"), 3, atol=0.5)


def test_same_seed_same_numbers_whatever_was_drawn_before(encoder, salts, labels):
    one, same, other = (
        predict(fine_tune(encoder, salts, labels, OPTIONS, seed=seed), salts, "cpu")
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_predictions_do_not_depend_on_the_batches(encoder, salts, labels, monkeypatch):
    model = fine_tune(encoder, salts, labels, OPTIONS, seed=0)
    together = predict(model, salts, "cpu")
    monkeypatch.setattr("unlabelled.label_masking.fine_tuning._PAIRS_PER_BATCH", 1)
    assert np.allclose(predict(model, salts, "cpu"), together, rtol=1e-5)


@pytest.mark.parametrize(
    ("frozen", "moved"),
    [
        ("none", {"local", "pooled"}),
        ("local", {"pooled"}),
        ("pooled", {"local"}),
        ("both", set()),
    ],
)
def test_frozen_stages_stay_and_the_others_move(encoder, salts, labels, frozen, moved):
    before = weights(encoder)
    options = replace(OPTIONS, frozen=frozen)
    model = fine_tune(encoder, salts, labels, options, seed=0)
    assert changed(before, weights(model.encoder)) == moved
    assert not changed(before, weights(encoder))
    assert all(p.requires_grad for p in encoder.parameters())


@pytest.fixture
def jobs(salts, labels):
    """Unequal crystals, encoders, labels and seeds."""
    orders = [np.random.default_rng(i).permutation(len(salts))[:12] for i in range(3)]
    return [
        Job(
            initial_encoder(PRESETS["corrected"], 0, i),
            [salts[j] for j in order],
            (i + 1) * labels[order],
            i,
        )
        for i, order in enumerate(orders)
    ]


@pytest.mark.parametrize("frozen", ["none", "local"])
@pytest.mark.parametrize("models_per_stack", [2, 3])
def test_a_stack_trains_every_model_as_alone(jobs, frozen, models_per_stack, monkeypatch):
    options = replace(OPTIONS, frozen=frozen)
    alone = [fine_tune(j.encoder, j.crystals, j.labels, options, seed=j.seed) for j in jobs]
    monkeypatch.setattr(fine_tuning, "_MODELS_PER_STACK", models_per_stack)
    together = fine_tune_all(jobs, options)
    for one, other, job in zip(alone, together, jobs, strict=True):
        start = weights(job.regressor())
        assert changed(start, weights(other))
        torch.testing.assert_close(weights(other), weights(one), rtol=1e-4, atol=1e-5)
        assert np.allclose(
            predict(other, job.crystals, "cpu"), predict(one, job.crystals, "cpu"), rtol=1e-4
        )


def test_a_model_that_diverges_leaves_the_others_alone(jobs):
    broken = replace(jobs[1], labels=np.full(12, np.nan))
    first, second, third = fine_tune_all([jobs[0], broken, jobs[2]], OPTIONS)
    assert np.isnan(predict(second, broken.crystals, "cpu")).all()
    for job, model in ((jobs[0], first), (jobs[2], third)):
        assert np.isfinite(predict(model, job.crystals, "cpu")).all()


def test_every_encoder_has_the_rows_it_has_alone(data, encoder):
    encoders = {4: encoder, 7: initial_encoder(PRESETS["corrected"], 0, 1)}
    both = evaluate_transfer(encoders, *data, **SETTINGS)
    alone = [evaluate_transfer({seed: e}, *data, **SETTINGS) for seed, e in encoders.items()]
    pd.testing.assert_frame_equal(
        both.drop(columns="seconds"),
        pd.concat(alone, ignore_index=True).drop(columns="seconds"),
        rtol=1e-4,
    )


@pytest.mark.parametrize(("n_labels", "epochs"), [(10, 200), (50, 200), (100, 100), (1000, 30)])
def test_epochs_share_the_passes_within_their_bounds(n_labels, epochs):
    options = replace(OPTIONS, passes=10_000, min_epochs=30, max_epochs=200)
    assert options.epochs(n_labels) == epochs


def test_starts_share_subsets_heads_and_order(data, encoder, monkeypatch):
    seen = []

    def watched(jobs, options):
        models = fine_tune_all(jobs, replace(options, learning_rate=0.0))
        seen.extend((j.labels, j.seed, weights(m.head)) for j, m in zip(jobs, models, strict=True))
        return models

    monkeypatch.setattr(transfer, "fine_tune_all", watched)
    rows = [
        evaluate_transfer({4: start}, *data, **(SETTINGS | {"arm": arm}))
        for arm, start in {
            "corrected": encoder,
            "scratch": initial_encoder(PRESETS["corrected"], 0, 1),
        }.items()
    ]
    assert list(rows[0]["label_ids_digest"]) == list(rows[1]["label_ids_digest"])
    assert rows[0]["label_ids_digest"].nunique() == 2
    for first, second in zip(seen[:2], seen[2:], strict=True):
        assert np.array_equal(first[0], second[0])
        assert first[1] == second[1]
        assert not changed(first[2], second[2])
    assert seen[0][1] != seen[1][1]
    assert changed(seen[0][2], seen[1][2])


def test_the_labels_are_those_of_the_heads(data, encoder):
    classes, split, crystals = data
    rows = evaluate_transfer({4: encoder}, *data, **SETTINGS)
    embeddings = pd.DataFrame(
        {"material_id": list(classes), "embedding": list(np.eye(len(classes)))}
    )
    settings = {key: value for key, value in SETTINGS.items() if key != "options"}
    frozen = evaluate(embeddings, split, crystals, **settings, arm_seed=4, heads=["ridge"])
    assert list(rows["label_ids_digest"]) == list(frozen["label_ids_digest"])
    assert list(rows["n_test"]) == list(frozen["n_test"])
    assert set(rows["epochs"]) == {6}
    assert set(frozen["epochs"]) == {0}


def test_rows_fit_their_schema_and_missing_labels_take_no_part(data, encoder, tmp_path):
    rows = evaluate_transfer({4: encoder}, *data, **SETTINGS)
    tables.write(rows, tmp_path / "results.parquet", RESULTS, {})
    pd.testing.assert_frame_equal(tables.read(tmp_path / "results.parquet"), rows)
    assert set(rows["head"]) == {"fine_tuning"}
    assert set(rows["n_test"]) == {7}  # 8 crystals, 1 without label
    assert np.isfinite(rows["mae"]).all()


def test_input_that_the_user_must_mend(data, encoder):
    classes, split, crystals = data
    with pytest.raises(UserError, match="only 14 training"):
        evaluate_transfer({4: encoder}, *data, **(SETTINGS | {"n_labels": 15}))
    lacking = {name: c for name, c in classes.items() if name != "mp-17"}
    with pytest.raises(UserError, match=r"1 of 24 .* no point set, first mp-17"):
        evaluate_transfer({4: encoder}, lacking, split, crystals, **SETTINGS)
    diverging = SETTINGS | {"options": replace(OPTIONS, learning_rate=1e30)}
    with pytest.raises(UserError, match="draw 0: fine_tuning predicts values that are not finite"):
        evaluate_transfer({4: encoder}, *data, **diverging)
    with pytest.raises(UserError, match="0 labels for supervised"):
        supervise(encoder, [], np.array([]), OPTIONS, seed=0)


def test_supervision_leaves_out_test_formulas_of_every_task(data):
    _, _, crystals = data

    def split(formula):
        return pd.DataFrame({"formula_reduced": ["SrTiO3", formula], "part": ["train", "test"]})

    chosen = supervised_crystals(crystals, [split("NaCl"), split("KBr")], label="e_form")
    assert set(chosen["formula_reduced"]) == {"MgO", "LiF"}
    assert set(chosen["material_id"]) == {
        f"mp-{i}" for i in range(24) if i % 4 in (1, 3) and i % 8 != 1
    }


def test_supervision_returns_a_trained_encoder(encoder, salts, labels):
    before = weights(encoder)
    trained = supervise(encoder, salts, labels, OPTIONS, seed=0)
    assert changed(before, weights(trained)) == {"local", "pooled"}
    assert not changed(before, weights(encoder))


@pytest.fixture
def files(data, point_sets, tmp_path):
    """Arguments of the two runs: one task, whose labels also supervise."""
    classes, split, crystals = data
    crystals.to_parquet(tmp_path / "crystals.parquet")
    split.assign(part=np.where(split["formula_reduced"] == "KBr", "test", "train")).to_parquet(
        tmp_path / "split.parquet"
    )
    (tmp_path / "point_sets").mkdir()
    write_shard(tmp_path / "point_sets/part-00000.arrow", zip(classes, point_sets, strict=True))
    return {
        "crystals": str(tmp_path / "crystals.parquet"),
        "point_sets": str(tmp_path / "point_sets"),
        "label": "e_form",
        "seed": 3,
        "threads": torch.get_num_threads(),
        "code": "code",
    }


def test_runs_from_files_to_files(files, tmp_path):
    split = str(tmp_path / "split.parquet")
    settings = {
        "learning_rate": 1e-3,
        "crystals_per_batch": 8,
        "loss": "mae",
        "accelerator": "cpu",
    }
    untrained, supervised = (str(tmp_path / f"{n}.safetensors") for n in ("start", "supervised"))
    start = initial_encoder(PRESETS["corrected"], 3, 1)
    weight_files.save(start, untrained, {})
    transfer_runs.supervise_run(
        **files,
        splits=[split],
        start=untrained,
        encoder=supervised,
        supervised_on="formation_energy",
        settings=settings,
        epochs=2,
        run_seed=1,
    )
    assert changed(weights(start), weights(weight_files.load(supervised))) == {"local", "pooled"}
    rows = {}
    for name, encoder in {"supervised": supervised, "scratch": untrained}.items():
        transfer_runs.fine_tune_run(
            **files,
            encoders=[encoder],
            split=split,
            results=str(tmp_path / f"{name}.parquet"),
            task="formation_energy",
            start=name,
            arm_seeds=[0],
            n_labels=10,
            draws=2,
            settings=settings | {"passes": 20, "min_epochs": 1, "max_epochs": 9, "frozen": "none"},
        )
        rows[name] = tables.read(tmp_path / f"{name}.parquet")
        assert set(rows[name]["arm"]) == {name}
    assert not np.array_equal(rows["supervised"]["mae"], rows["scratch"]["mae"])
    digests = [list(table["label_ids_digest"]) for table in rows.values()]
    assert digests[0] == digests[1]
