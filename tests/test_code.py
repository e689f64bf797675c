import re
import shutil
from pathlib import Path

import pytest

from unlabelled import code

RULES = Path(__file__).resolve().parents[1] / "workflow" / "rules"
FOLDER = RULES.parent / "scripts"
SCRIPTS = {path.stem for path in FOLDER.glob("*.py")}
PLOTS = {name for name in SCRIPTS if name.startswith("plot_")}
EXPLORERS = {name for name in SCRIPTS if name.startswith("explore_")}
PAGES = EXPLORERS | {"report_page"}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package that may be edited."""
    copy = shutil.copytree(code.PACKAGE, tmp_path / code.PACKAGE.name)
    monkeypatch.setattr(code, "PACKAGE", copy)
    return copy


def digests(folder=FOLDER):
    code._imported.cache_clear()
    return {name: code.digest(folder / f"{name}.py") for name in SCRIPTS}


def rerun(*edited):
    """Scripts whose digest changes when a line is added to the files."""
    before = digests()
    for path in edited:
        path.write_text(f"{path.read_text()}\n# edited\n")
    after = digests()
    return {name for name in SCRIPTS if before[name] != after[name]}


@pytest.mark.parametrize(
    ("edited", "scripts"),
    [
        ("sources/url.py", {"fetch"}),
        ("sources/amcsd.py", {"compositions", "structures"}),
        ("structures/splits.py", {"split"}),
        ("label_masking/heads.py", {"label_masking"}),  # through evaluate
        ("infomax/checkpoints.py", {"pretrain"}),  # through runs and training
        (
            "infomax/__init__.py",
            {"embed", "histories", "initialise", "pool", "pretrain"},
        ),
        (
            "point_set/elements.csv",
            {
                "demonstrate",
                "describe",
                "embed",
                "fine_tune",
                "initialise",
                "outcomes",
                "pack_encoder",
                "point_sets",
                "pool",
                "pretrain",
                "split",
                "supervise",
            },
        ),
        ("phase_field/metrics.py", {"compare_models"}),
        ("claims/verdict.py", {"judge_claims", "report_page"}),
        ("plots/pretraining.py", {"plot_pretraining"}),
        ("pages/shell.html", PAGES),
        ("pages/shell.css", PAGES),
        ("explorer/crystals.js", EXPLORERS),
        ("explorer/crystals.py", {"explore_crystals"}),
        ("errors.py", SCRIPTS),
        ("study.py", set()),
    ],
)
def test_an_edit_reruns_the_scripts_that_can_reach_it_and_no_others(package, edited, scripts):
    assert rerun(package / edited) == scripts


def test_touching_the_plot_modules_reruns_figures_and_pages_and_nothing_else(package):
    assert rerun(*(package / "plots").glob("*.py")) == PLOTS | PAGES


def test_scripts_and_the_place_of_the_package_take_no_part(package, tmp_path, monkeypatch):
    scripts = shutil.copytree(FOLDER, tmp_path / "scripts")
    for script in scripts.glob("*.py"):
        script.write_text(f"{script.read_text()}\n# edited\n")
    copied = digests(scripts)
    assert digests() == copied
    monkeypatch.undo()
    assert digests() == copied


@pytest.mark.parametrize(
    "line",
    [
        "import unlabelled.seeds",
        "import os, unlabelled.seeds as s",
        "from unlabelled import errors, seeds",
        "from unlabelled.seeds import integer as i",
        "def f():\n    if True:\n        from unlabelled.seeds import integer",
    ],
)
def test_every_form_of_import_is_followed(package, line):
    assert "histories" not in rerun(package / "seeds.py")
    (package / "tables.py").write_text(line)
    assert "histories" in rerun(package / "seeds.py")


def test_every_rule_carries_the_digest_of_its_own_script():
    found = []
    for path in RULES.glob("*.smk"):
        for rule in re.split(r"(?m)^rule ", path.read_text())[1:]:
            scripts = re.findall(r'script:\s+"../scripts/(\w+)\.py"', rule)
            assert re.findall(r'code=digest\("(\w+)\.py"\)', rule) == scripts, rule.split(":")[0]
            found += scripts
    assert sorted(found) == sorted(SCRIPTS)
