"""The how-tos of the guide do what they say, and the guide can be built."""

import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import platformdirs
import pytest

from unlabelled.phase_field import baselines
from unlabelled.phase_field.reported import reported_fields
from unlabelled.property_model import ways

ROOT = Path(__file__).parents[1]
HOW_TOS = sorted((ROOT / "docs/how-to").glob("*.md"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def quick(cache, monkeypatch):
    """Leave the user's cache alone; fine-tune on few crystals, and grow few trees."""
    monkeypatch.setenv("PIP_CACHE_DIR", str(platformdirs.user_cache_path("pip")))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    options = replace(ways.fine_tuning_options(), passes=200, min_epochs=1)
    monkeypatch.setattr(ways, "fine_tuning_options", lambda: options)
    monkeypatch.setattr(baselines, "_TREES", 10)


@pytest.mark.registry
@pytest.mark.parametrize("page", HOW_TOS, ids=lambda path: path.stem)
def test_how_tos(page, call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```(bash|python)\n(.*?)```", page.read_text(), re.DOTALL)
    assert blocks
    for language, text in blocks:
        if language == "python":
            subprocess.run([sys.executable, "-c", text], check=True)
            continue
        for line in text.splitlines():
            program, *arguments = shlex.split(line)
            if program == "cd":
                monkeypatch.chdir(arguments[0])
            elif program == "snakemake":
                planned = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", *arguments]
                subprocess.run(planned, check=True)
            else:
                assert program == "unlabelled"
                call(*arguments)


@pytest.mark.registry
def test_collections_report_real_fields():
    rows = reported_fields().set_index("field")
    assert rows.loc["Cl Na"].all()
    assert rows.loc["B Mg"].tolist() == [True, True, False]
    assert rows["mp"].sum() > 40_000


def test_the_guide_can_be_built(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "reference/python.html").read_text()
    assert "DeepInfoMaxEmbedder" in page
    assert "unlabelled finetune" in (tmp_path / "reference/commands.html").read_text()
    for built in tmp_path.rglob("*.html"):
        for address in re.findall(r'(?:src|href)="(https?://[^"]+)"', built.read_text()):
            assert not re.search("fonts|cdn", address), (built, address)
