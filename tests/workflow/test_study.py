"""The whole workflow on real crystals: what it makes, and what a change makes it do again."""

import os
import signal
import subprocess
import time

import pandas as pd
import pytest
import yaml

pytestmark = pytest.mark.workflow
ENCODER = "infomax/formation_energy/corrected/seed=0/encoder.safetensors"


def table(study, name):
    return pd.read_parquet(study.results / f"{name}.parquet")


def test_no_entry_is_lost(study, tiny):
    outcomes = table(study, "structures/outcomes").groupby("source")["entries"].sum()
    assert outcomes.to_dict() == {name: d["limit"] for name, d in tiny["datasets"].items()}


def test_no_test_crystal_is_trained_on(study):
    split, pool = (
        table(study, "splits/formation_energy"),
        table(study, "infomax/formation_energy/pool"),
    )
    test = set(split.loc[split["part"] == "test", "material_id"])
    used = pool[pool["used"]]
    assert len(test) > 20
    assert len(used) > 100
    assert not test & set(used.loc[used["dataset"] == "flla", "material_id"])


def test_every_arm_is_fitted_on_the_same_labels(study):
    results = table(study, "label_masking/formation_energy/results")
    assert set(results["arm"]) == {"untrained", "as_published", "corrected"}
    assert len(results) == (2 + 1 + 1) * 2 * 2 * 3  # encoders, heads, numbers of labels, draws
    subsets = results.groupby(["n_labels", "draw"])["label_ids_digest"].nunique()
    assert (subsets == 1).all()
    assert results["mae"].between(0.05, 5).all()


def test_every_figure_comes_in_three_formats_with_its_table(study):
    figures = study.results / "figures"
    stems = {path.with_suffix("") for path in figures.rglob("*.png")}
    assert {path.relative_to(figures).as_posix() for path in stems} == {
        "structures/rejects",
        "infomax/formation_energy_pretraining",
        "infomax/formation_energy_embedding_map",
        "label_masking/formation_energy_mae",
        "label_masking/formation_energy_paired",
    }
    for stem in stems:
        for suffix in (".pdf", ".svg", ".parquet"):
            assert stem.with_suffix(suffix).stat().st_size > 1000


def test_a_second_run_has_nothing_to_do(study):
    assert "Nothing to be done" in study.run()


def test_one_file_one_rule_or_one_stage_can_be_asked_for(study):
    figure = study.planned("results/laptop/figures/structures/rejects.png", "--forceall")
    assert set(figure) == {"fetch", "structures", "point_sets", "outcomes", "plot_rejects", "total"}
    forced = study.planned("--forcerun", "embed")
    assert forced["embed"] == 2 + 1 + 1
    assert "pretrain" not in forced
    staged = study.planned("--forceall", "--until", "point_sets")
    assert set(staged) == {"fetch", "structures", "point_sets", "total"}


def test_what_a_change_of_code_runs_again(study):
    def planned_after_editing(module):
        path = study.folder / "workflow/unlabelled" / module
        before = path.read_bytes()
        path.write_bytes(before + b"# edited\n")
        try:
            return study.planned()
        finally:
            path.write_bytes(before)

    figures = {"plot_label_masking": 1, "plot_paired_differences": 1}
    assert planned_after_editing("plots/label_masking.py") == figures | {"all": 1, "total": 3}
    after_objective = planned_after_editing("infomax/objective.py")
    assert after_objective["pretrain"] == 2
    assert not {"fetch", "structures", "point_sets", "split", "pool"} & set(after_objective)
    assert study.planned() == {}


def test_what_a_change_of_settings_runs_again(study, tiny):
    (study.folder / "more.yaml").write_text("label_masking: {draws: 4}")
    planned = study.planned("--configfile", "tiny.yaml", "more.yaml")
    assert planned["label_masking"] == 6
    assert not {"structures", "pretrain", "embed", "embedding_map"} & set(planned)


def test_a_killed_pre_training_resumes_and_ends_with_the_same_weights(study):
    encoder = study.results / ENCODER
    expected = encoder.read_bytes()
    encoder.unlink()
    process = subprocess.Popen(
        study.command(),
        cwd=study.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 120
        while not list(encoder.parent.glob("checkpoints-*/last.ckpt")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert not encoder.exists()
    output = study.run()
    assert "resuming from" in output
    assert encoder.read_bytes() == expected
    assert not list(encoder.parent.glob("checkpoints-*"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pretraning": {}}, "pretraining"),
        (
            {"tasks": {"formation_energy": {"label": "formation_enery"}}},
            "did you mean 'formation_energy_per_atom'?",
        ),
        ({"datasets": {"flla": {"source": "fla"}}}, "did you mean 'flla'?"),
        ({"pretraining": {"variants": {"corrected": {"kl": "none"}}}}, "kl"),
    ],
)
def test_a_wrong_configuration_is_one_clear_error(study, tmp_path, settings, message):
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(settings))
    files = ["--configfile", "tiny.yaml", str(tmp_path / "wrong.yaml")]
    output = study.run("--dry-run", *files, status=1)
    assert message in output
    assert "Traceback" not in output


def test_ones_own_damaged_crystals_stop_only_their_source(study, tmp_path):
    archive = tmp_path / "mine.zip"
    archive.write_bytes(b"PK\x03\x04 this is no archive")
    settings = {
        "sources": {"mine": {"kind": "zip", "path": str(archive), "licence": "own"}},
        "datasets": {"mine": {"source": "mine"}},
        "pretraining": {"datasets": ["flla", "mine"]},
    }
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(settings))
    files = ["--configfile", "tiny.yaml", str(tmp_path / "mine.yaml")]
    output = study.run("results/laptop/structures/mine.parquet", *files, status=1)
    assert "mine.zip" in output
    assert not (study.results / "structures/mine.parquet").exists()
