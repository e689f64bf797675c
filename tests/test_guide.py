"""The how-tos of the guide do what they say, and the guide can be built."""

import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from unlabelled.commands import main
from unlabelled.property_model import ways

ROOT = Path(__file__).parents[1]
HOW_TOS = sorted((ROOT / "docs/how-to").glob("*.md"))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Fine-tune on few crystals: networks would take minutes."""
    options = replace(ways.fine_tuning_options(), passes=200, min_epochs=1)
    monkeypatch.setattr(ways, "fine_tuning_options", lambda: options)


@pytest.mark.registry
@pytest.mark.parametrize("page", HOW_TOS, ids=lambda path: path.stem)
def test_how_tos(page, tmp_path, monkeypatch):
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
                done = CliRunner().invoke(main, arguments)
                assert done.exit_code == 0, done.output


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
