"""The whole workflow on real crystals: what it makes, and what a change makes it do again."""

import os
import re
import shutil
import signal
import subprocess
import time

import numpy as np
import pandas as pd
import pytest
import yaml

from unlabelled import pretrained
from unlabelled.files import sha256
from unlabelled.label_masking.descriptors import LIKENESS

pytestmark = pytest.mark.workflow
ENCODER = "infomax/corrected/seed=0/encoder.safetensors"


def table(study, name):
    return pd.read_parquet(study.results / f"{name}.parquet")


def test_no_entry_is_lost(study):
    outcomes = table(study, "outcomes").groupby("source")["entries"].sum()
    assert outcomes.to_dict() == {"flla": 160, "dielectric": 80}


def test_every_rule_of_the_demo_is_run_by_the_study_of_the_tests(study):
    demo = study.planned("--configfile", "config/scales/demo.yaml")
    assert len(demo) > 70
    assert set(demo) <= set(study.planned("--forceall"))


def test_no_test_crystal_of_any_task_is_trained_on(study):
    pool = table(study, "infomax/corrected/pool")
    used = pool[pool["used"]]
    assert len(used) > 100
    for task, dataset in (("formation_energy", "flla"), ("band_gap", "dielectric")):
        split = table(study, f"splits/{task}")
        test = split[split["part"] == "test"]
        assert len(test) > 10
        formulas = table(study, f"structures/{dataset}").set_index("material_id")["formula_reduced"]
        used_formulas = used.loc[used["dataset"] == dataset, "material_id"].map(formulas)
        assert not set(test["formula_reduced"]) & set(used_formulas)


def test_every_arm_is_fitted_on_the_same_labels(study):
    results = table(study, "label_masking/formation_energy/results")
    frozen = results[results["head"] != "fine_tuning"]
    tuned = results[results["head"] == "fine_tuning"]
    encoders = {"untrained", "as_published", "corrected"}
    assert set(frozen["arm"]) == encoders | {"element_statistics", "mine"}
    assert set(tuned["arm"]) == {"scratch", "corrected", "supervised"}
    # encoders x heads, numbers of labels, draws
    assert len(frozen) == ((2 + 1 + 1) * 2 + 1 + 2) * 2 * 3
    assert len(tuned) == 3 * 2 * 2
    assert (tuned["epochs"] > 0).all()
    subsets = results.groupby(["n_labels", "draw"])["label_ids_digest"].nunique()
    assert (subsets == 1).all()
    assert results["mae"].between(0.05, 5).all()
    assert set(table(study, "label_masking/band_gap/results")["n_labels"]) == {20}


def test_the_standing_holds_every_other_method(study):
    standing = table(study, "label_masking/formation_energy/standing")
    assert set(standing["arm"] + " " + standing["head"]) == {"mine trees_and_gp"}
    others = set(standing["reference"] + " " + standing["reference_head"])
    assert {"mine ridge", "element_statistics ridge", "scratch fine_tuning"} <= others
    assert len(standing) == 2 * len(others)
    summary = table(study, "label_masking/formation_energy/summary").set_index("arm")
    assert (summary.loc["untrained", "n_unlabelled"] == 0).all()
    assert (summary.loc["corrected", "n_unlabelled"] > 100).all()


def test_every_figure_comes_in_three_formats_with_its_table(study):
    figures = study.results / "figures"
    stems = {path.with_suffix("") for path in figures.rglob("*.png")}
    assert {path.relative_to(figures).as_posix() for path in stems} == {
        "structures/rejects",
        "infomax/pretraining",
        "infomax/embedding_maps",
        *("isotropy/clouds", "isotropy/digits", "isotropy/loco", "isotropy/crystals_encoders"),
        *(
            f"phase_fields/{name}"
            for name in (
                *("properties", "models", "element_map", "convergence", "retrieval"),
                *(f"measured_gap_{name}" for name in ("curves", "values", "elements")),
                "measured_gap_candidates_3",
            )
        ),
        *(
            f"isotropy/{collection}_{name}"
            for collection in ("expt_gap", "crystals")
            for name in ("grid", "evenness")
        ),
        "label_masking/representations",
        "label_masking/transfer",
        *(
            f"label_masking/{task}_{name}"
            for task in ("formation_energy", "band_gap")
            for name in ("learning_curves", "paired", "standing", "pool")
        ),
    }
    for stem in stems:
        for suffix in (".pdf", ".svg", ".parquet"):
            assert stem.with_suffix(suffix).stat().st_size > 1000


def test_claims_are_judged_and_pages_lead_to_each_other(study):
    claims = table(study, "claims")
    assert len(claims) > 100
    assert claims["verdict"].isin(["reproduced", "same direction", "contradicted"]).sum() > 3
    found = {path.name: path.read_text("utf-8") for path in (study.results / "report").iterdir()}
    assert set(found) == {"index.html", "candidates.html", "crystals.html", "isotropy.html"}
    for page in found.values():
        assert "study “tiny”" in page
        for other in found:
            assert f'href="{other}"' in page
    figures = list((study.results / "figures").rglob("*.png"))
    assert found["index.html"].count("<figure>") == len(figures)


def test_a_second_run_has_nothing_to_do(study):
    assert "Nothing to be done" in study.run()


def test_a_lost_file_is_made_again(study):
    """Also one that no missing file needs: a job that failed after a change may have lost it."""
    output = study.run("--dry-run", "--forceall")
    jobs = re.findall(r"^ *(?:local)?rule (\w+):\n((?:    .*\n)+)", output, re.MULTILINE)

    def files(key, wanted):
        found = (re.search(rf"^    {key}: (.*)", body, re.M) for rule, body in jobs if wanted(rule))
        return {path for match in found if match for path in match[1].split(", ")}

    made = files("output", lambda rule: rule not in {"all", "fetch"})
    assert len(made) > 200
    assert made <= files("input", lambda rule: rule == "all")


def test_one_file_one_rule_or_one_stage_can_be_asked_for(study):
    figure = study.planned("results/tiny/figures/structures/rejects.png", "--forceall")
    assert set(figure) == {"fetch", "structures", "point_sets", "outcomes", "plot_rejects", "total"}
    forced = study.planned("--forcerun", "embed")
    assert forced["embed"] == (2 + 1 + 1) * 2  # encoders, datasets
    assert "pretrain" not in forced
    staged = study.planned("--forceall", "--until", "point_sets")
    assert set(staged) == {"fetch", "structures", "point_sets", "total"}


READ_LAST = {"report_page": 1, "all": 1}
FIRST = {"fetch", "structures", "point_sets", "split", "pool"}


# which scripts an edit reaches is tested in test_code.py, for more modules
@pytest.mark.parametrize(
    ("module", "some", "untouched"),
    [
        ("sources/amcsd.py", {"structures": 2, "compositions": 2}, {"fetch"}),
        ("infomax/objective.py", {"pretrain": 2, "embed": 8}, FIRST),
        ("isotropy/null.py", {"measure_clusters": 4}, {"represent", "cluster", "loco", "pretrain"}),
    ],
)
def test_an_edit_of_code_runs_what_follows_again(study, module, some, untouched):
    planned = planned_after_editing(study, module)
    assert planned | some == planned
    assert not untouched & set(planned)


@pytest.mark.parametrize(
    ("module", "exactly"),
    [
        ("plots/boxes.py", {"plot_representations": 1, "plot_transfer": 1}),
        ("clustering/loco.py", {"loco": 2, "summarise_loco": 1, "plot_loco": 1, "judge_claims": 1}),
    ],
)
def test_an_edit_of_code_runs_nothing_else_again(study, module, exactly):
    exactly = exactly | READ_LAST
    assert planned_after_editing(study, module) == exactly | {"total": sum(exactly.values())}


def planned_after_editing(study, module):
    path = study.folder / "workflow/unlabelled" / module
    before = path.read_bytes()
    path.write_bytes(before + b"# edited\n")
    try:
        return study.planned()
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize(
    ("settings", "some", "untouched"),
    [
        # arms, numbers of labels of both tasks
        ("label_masking: {draws: 4}", {"label_masking": 15}, FIRST | {"pretrain", "fine_tune"}),
        ("pretraining: {seeds: [0, 1]}", {"pretrain": 2, "embed": 4}, FIRST),  # the new ones
        ("structures: {max_sites: 100}", {"structures": 2, "point_sets": 2}, {"fetch"}),
        ("embedding_map: {perplexity: 12}", {"embedding_map": 2}, FIRST | {"embed"}),
        ("phase_fields: {ensemble_members: 3}", {"ensemble": 1}, {"cross_validate_fields"}),
    ],
)
def test_a_change_of_settings_runs_again_what_they_are_about(study, settings, some, untouched):
    (study.folder / "more.yaml").write_text(settings)
    planned = study.planned("--configfile", "tiny.yaml", "more.yaml")
    assert planned | some == planned
    assert not untouched & set(planned)


def test_an_edit_of_ones_own_table_is_noticed(study, tmp_path):
    table = tmp_path / "formulas.csv"
    table.write_text("formula\nMgO\nNaCl\n")
    source = {"kind": "compositions", "path": str(table), "formula": "formula", "licence": "own"}
    settings = {"sources": {"mine": source}, "collections": {"mine": {"sources": ["mine"]}}}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(settings))
    files = ["--configfile", "tiny.yaml", str(tmp_path / "mine.yaml")]
    target = "results/tiny/compositions/mine.parquet"
    study.run(target, *files)
    assert study.planned(target, *files) == {}
    table.write_text("formula\nMgO\nNaCl\nZnS\n")
    assert study.planned(target, *files) == {"compositions": 1, "total": 1}


@pytest.mark.campaign
def test_one_core_makes_the_same_as_two(study, make_study):
    alone = make_study()
    shutil.copytree(study.results, alone.results)
    shutil.copytree(study.folder / ".snakemake", alone.folder / ".snakemake")
    made = [
        "structures/flla.parquet",
        "point_sets/flla",
        ENCODER,
        "embeddings/flla/corrected/seed=0.parquet",
        "clusterings/crystals/corrected/seed=0/rbf_published.parquet",
        "label_masking/band_gap/mine/n=20.parquet",
        "transfer/band_gap/supervised/n=20.parquet",
        "phase_fields/measured_gap/predictions/random/corrected.parquet",
        "phase_fields/measured_gap/ensemble.safetensors",
    ]
    for path in map(alone.results.joinpath, made):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    alone.run("--cores", "1", "--", *(f"results/tiny/{name}" for name in made))
    assert study.differences(alone) == []


def test_a_killed_pre_training_resumes_and_ends_with_the_same_weights(study):
    encoder = study.results / ENCODER
    target = f"results/tiny/{ENCODER}"
    expected = encoder.read_bytes()
    encoder.unlink()
    process = subprocess.Popen(
        study.command("--", target),
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
    output = study.run("--", target)
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
        "pretraining": {"pool": {"datasets": ["flla", "mine"]}},
    }
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(settings))
    files = ["--configfile", "tiny.yaml", str(tmp_path / "mine.yaml")]
    output = study.run("results/tiny/structures/mine.parquet", *files, status=1)
    assert "mine.zip" in output
    assert not (study.results / "structures/mine.parquet").exists()


def test_an_encoder_is_handed_on_with_its_domain_and_card(study):
    folder = study.results / "pretrained/corrected/seed=0"
    study.run(str(folder.relative_to(study.folder)))
    packed = pretrained.load(folder)
    pool = table(study, "infomax/corrected/pool")
    used = pool[pool["used"]]
    assert len(packed.domain.references) == len(used)
    described = [table(study, f"descriptors/flla/{name}") for name in LIKENESS]
    vectors = np.hstack([np.stack(rows["embedding"]) for rows in described])
    distance = packed.domain.distance(vectors)
    trained_on = described[0]["material_id"].isin(used.query("dataset == 'flla'")["material_id"])
    assert (distance[trained_on] < 1e-3).all()
    assert (distance[~trained_on] > 1e-3).all()  # test crystals
    card = (folder / "card.md").read_text()
    assert f"{len(used)} crystals; no label was used" in card
    assert sha256(folder / "encoder.safetensors") in card
    assert "formation energy (eV/atom)" in card
