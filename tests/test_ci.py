"""What continuous integration and the container call exists."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([\w./-]+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE))
COMMANDS = {  # by the file that they are in
    path.name: [
        step["run"]
        for job in yaml.safe_load(path.read_text())["jobs"].values()
        for step in job["steps"]
        if "run" in step
    ]
    for path in WORKFLOWS
} | {name: (ROOT / name).read_text().splitlines() for name in (".ci/run", "Dockerfile")}


def made(commands):
    """Targets of make in commands, and what scale they are made of."""
    calls = re.findall(r"^(?:RUN )?make (\S+)(?: SCALE=(\w+))?", "\n".join(commands), re.MULTILINE)
    return dict(calls)


@pytest.mark.parametrize("name", COMMANDS)
def test_targets_and_scripts_that_are_called_exist(name):
    calls = made(COMMANDS[name])
    scripts = [command for command in COMMANDS[name] if command.startswith(".ci/")]
    assert calls or scripts
    assert set(calls) <= TARGETS
    for scale in filter(None, calls.values()):
        assert (ROOT / f"config/scales/{scale}.yaml").exists()
    for script in scripts:
        assert (ROOT / script).stat().st_mode & 0o111


def test_every_push_tests_and_makes_the_demo_and_every_week_the_default_study():
    assert COMMANDS["push.yml"] == [".ci/run", "make run"]
    assert made(COMMANDS[".ci/run"]) == {"test": ""}
    assert made(COMMANDS["weekly.yml"]) == {"audit": "", "faults": "", "run": "laptop"}
    # YAML reads the key "on" as true
    assert "schedule" in yaml.safe_load((ROOT / ".github/workflows/weekly.yml").read_text())[True]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_to_a_version(path):
    used = re.findall(r"uses: (\S+)", path.read_text())
    assert used
    for action in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+\.\d+\.\d+", action), action
