"""The profile of Slurm, on a Slurm with one node: jobs arrive as declared, fail, stop and end."""

import functools
import os
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest
from tests.cluster.test_profile import DECLARED
from tests.workflow.conftest import LOCALLY, TINY, Study

pytestmark = [pytest.mark.workflow, pytest.mark.campaign]
# the profile, for a node of two cores
PROFILE = ["--workflow-profile", "workflow/profiles/slurm", "--cores", "2"]
TARGETS = [
    "results/tiny/structures/dielectric.parquet",
    "results/tiny/representations/expt_gap/compVec.parquet",
    "results/tiny/representations/expt_gap/magpie.parquet",
]
# what a site may add to a rule
ADDED = ["--set-resources", "structures:gpu=1", "structures:slurm_partition=gpu"]
# Not of the study, but with its way to declare memory: one takes more of it than it says.
OTHER_RULES = """
configfile: "config/config.yaml"


include: "workflow/rules/common.smk"


rule too_large:
    output:
        "too_large.txt",
    resources:
        mem_mb=growing(500),
        runtime=30,
    script:
        "too_large.py"


rule slow:
    output:
        "slow{n}.txt",
    resources:
        mem_mb=growing(1000),
        runtime=30,
    shell:
        "test -e quick || sleep 600; touch {output}"
"""
TOO_LARGE = """
import time
from pathlib import Path

taken = b"x" * 500_000_000
time.sleep(6)
Path(snakemake.output[0]).touch()
"""


def of_rule(slurm, name):
    """What Slurm knows of the jobs of a rule or a group."""
    return [job for job in slurm.jobs() if f"{job['Comment']}_".startswith(f"rule_{name}_")]


def wait_until(condition, seconds=300):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.fixture(scope="module")
def study(slurm, tmp_path_factory):
    """A part of a study, made by Slurm."""
    made = Study(tmp_path_factory.mktemp("cluster"), TINY)
    made.profile = PROFILE
    made.environment |= slurm.environment
    made.run(*ADDED, "--", *TARGETS)
    return made


@pytest.fixture
def other_rules(study):
    """Options that run the rules of this file."""
    (study.folder / "other.smk").write_text(OTHER_RULES)
    (study.folder / "too_large.py").write_text(TOO_LARGE)
    return ["--snakefile", "other.smk"]


def test_slurm_makes_the_tables_that_are_made_locally(study, tmp_path):
    local = Study(tmp_path, TINY)
    local.run("--", *TARGETS)
    for target in TARGETS:
        made = pd.read_parquet(study.folder / target)
        assert len(made) > 50
        pd.testing.assert_frame_equal(made, pd.read_parquet(local.folder / target))


def test_what_slurm_has_made_is_not_made_again_without_it(study, monkeypatch):
    monkeypatch.setattr(study, "profile", LOCALLY)
    assert "Nothing to be done" in study.run("--", *TARGETS)


def test_slurm_gets_what_rules_declare_and_a_site_adds(study, slurm):
    (structures,) = of_rule(slurm, "structures")
    assert structures["JobState"] == "COMPLETED"
    assert structures["NumCPUs"] == structures["CPUs/Task"] == "2"
    assert structures["MinMemoryNode"] == f"{DECLARED['structures']['mem_mb']}M"
    assert structures["TimeLimit"] == "04:00:00"
    assert structures["Partition"] == "gpu"
    assert structures["TresPerJob"] == "gres:gpu:1"


def test_short_jobs_share_a_slurm_job(study, slurm):
    (group,) = of_rule(slurm, "represent")
    assert group["JobState"] == "COMPLETED"
    assert group["Partition"] == "standard"
    assert group["NumCPUs"] == "2"
    assert group["MinMemoryNode"] == "8000M"


def test_a_job_over_its_memory_gets_more_and_ends(study, slurm, other_rules):
    output = study.run(*other_rules, "--", "too_large.txt")
    assert "Trying to restart job" in output
    killed, completed = of_rule(slurm, "too_large")
    assert (killed["MinMemoryNode"], completed["MinMemoryNode"]) == ("500M", "1000M")
    assert "exceeded memory limit" in Path(killed["StdOut"]).read_text()
    assert (killed["JobState"], completed["JobState"]) == ("FAILED", "COMPLETED")


def test_an_interrupted_study_leaves_no_jobs_and_goes_on(study, slurm, other_rules):
    targets = [f"slow{n}.txt" for n in range(3)]
    process = subprocess.Popen(
        study.command(*other_rules, "--", *targets),
        cwd=study.folder,
        env=os.environ | study.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # a background job of a shell ignores SIGINT, and all that it starts
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    try:
        wait_until(lambda: len(slurm.active()) == 3)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=300) == 1
    finally:
        process.kill()
    wait_until(lambda: not slurm.active())
    assert {job["JobState"] for job in of_rule(slurm, "slow")} == {"CANCELLED"}
    (study.folder / "quick").touch()
    study.run(*other_rules, "--", *targets)
    assert all((study.folder / target).exists() for target in targets)
