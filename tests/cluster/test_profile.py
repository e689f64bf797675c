"""What the profile of Slurm asks for; nothing is run."""

import re

import pytest
import yaml
from tests.workflow.conftest import ROOT, TINY, Study
from tests.workflow.test_rules import RULES

pytestmark = pytest.mark.workflow
PROFILE = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text())
GROUPS = dict(entry.split("=") for entry in PROFILE["groups"])
DECLARED = {
    name: {
        key: int(re.search(pattern, body)[1])
        for key, pattern in {
            "threads": r"    threads: (\d+)",
            "mem_mb": r"mem_mb=growing\((\d+)\)",
            "runtime": r"runtime=(\d+)",
        }.items()
    }
    for name, body in RULES.items()
}


def planned(study):
    """Threads and resources of a job of every rule that would run."""
    output = study.run("--dry-run")
    _, *parts = re.split(r"^ *(?:local)?rule (\w+):\n", output, flags=re.MULTILINE)
    found = {}
    for rule, body in zip(parts[::2], parts[1::2], strict=True):
        threads = re.search(r"^ +threads: (\d+)", body, re.MULTILINE)
        resources = re.search(r"^ +resources: (.+)", body, re.MULTILINE)[1]
        found[rule] = dict(pair.split("=") for pair in resources.split(", "))
        found[rule]["threads"] = threads[1] if threads else "1"
    return found


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    made = Study(tmp_path_factory.mktemp("planned"), TINY)
    made.profile = ["--workflow-profile", "workflow/profiles/slurm"]
    return made


def test_the_resources_of_every_rule_arrive(study):
    jobs = planned(study)
    jobs.pop("all")
    # the raw data may be there; this study has no stack of models
    assert set(RULES) - set(jobs) <= {"fetch", "pack_encoder", "stack_fields"}
    for rule, resources in jobs.items():
        arrived = {key: int(resources[key]) for key in DECLARED[rule]}
        assert arrived == DECLARED[rule], rule
        assert "gpu" not in resources


def test_what_retries_ask_for_is_not_cut_down():
    attempts = 1 + PROFILE["retries"]
    assert attempts > 2
    for rule, declared in DECLARED.items():
        assert declared["mem_mb"] * attempts <= PROFILE["resources"]["mem_mb"], rule
        assert declared["threads"] <= PROFILE["cores"], rule


def test_the_last_attempt_holds_as_many_entries_at_their_limit_as_there_are_processes():
    limit = yaml.safe_load((ROOT / "config/config.yaml").read_text())["structures"]
    for rule in ("structures", "point_sets", "describe"):
        declared = DECLARED[rule]
        # in MB: the stage, then its processes, as docs/robustness.md has them
        needed = 1000 + declared["threads"] * (400 + limit["memory_mb_per_entry"])
        assert declared["mem_mb"] * (1 + PROFILE["retries"]) >= needed


def test_groups_are_of_rules_that_exist_and_hold_all_figures():
    assert set(GROUPS) <= set(RULES)
    assert {name for name in RULES if name.startswith("plot_")} == {
        rule for rule, group in GROUPS.items() if group == "figures"
    }
    assert {entry.split("=")[0] for entry in PROFILE["group-components"]} == set(GROUPS.values())


def test_the_line_for_gpus_gives_one_to_training_on_crystals(study):
    profile = study.folder / "workflow/profiles/slurm/config.yaml"
    text = profile.read_text()
    assert text.count("# set-resources: ") == 1
    profile.write_text(text.replace("# set-resources: ", "set-resources: "))
    jobs = planned(study)
    assert {rule for rule, resources in jobs.items() if resources.get("gpu") == "1"} == {
        *("pretrain", "supervise", "fine_tune")
    }
    assert int(jobs["pretrain"]["mem_mb"]) == DECLARED["pretrain"]["mem_mb"]
