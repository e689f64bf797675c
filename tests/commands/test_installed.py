"""The package as it is installed, without the repository around it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The unpacked wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder]
    subprocess.run([*pip, ROOT], check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert not any(
            name.startswith("unlabelled/_repository/results") for name in archive.namelist()
        )
        archive.extractall(folder / "package")
    return folder / "package"


@pytest.mark.registry
@pytest.mark.workflow
def test_a_study_of_ones_own_runs_the_rules_of_the_installed_package(installed, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(installed)}
    (tmp_path / "cifs").mkdir()
    program = "from unlabelled.commands import main; main()"
    init = [sys.executable, "-c", program, "init", "my-study", "--crystals", "cifs"]
    begun = subprocess.run(
        init, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    assert "cd my-study && snakemake --cores 2 --workflow-profile profiles/default" in begun.stdout
    snakemake = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "host", "--cores", "2"]
    snakemake += ["--workflow-profile", "profiles/default"]
    whole, quick = [], ["--configfile", "quick.yaml"]
    trained = []
    for overlay in (whole, quick):
        planned = subprocess.run(
            [*snakemake, *overlay],
            cwd=tmp_path / "my-study",
            env=environment,
            capture_output=True,
            text=True,
        )
        assert planned.returncode == 0, planned.stdout + planned.stderr
        rows = [line.split() for line in planned.stdout.splitlines()]
        jobs = {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}
        needed = {"structures", "pretrain", "embed", "measure_clusters", "report_page", "all"}
        assert needed <= set(jobs)
        assert "fine_tune" not in jobs  # there are no labels
        trained.append(jobs["pretrain"])
    assert trained == [8, 3]
