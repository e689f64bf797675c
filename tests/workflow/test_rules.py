"""What every rule, environment and profile must have."""

import ast
import re
import sys
import tomllib
from importlib import metadata
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from unlabelled import code

ROOT = Path(__file__).parents[2]
RULES = {
    name: body
    for path in sorted((ROOT / "workflow/rules").glob("*.smk"))
    for name, body in re.findall(r"^rule (\w+):\n((?:(?:    .*)?\n)+)", path.read_text(), re.M)
}
SCRIPTS = ROOT / "workflow/scripts"
PINS = {
    canonicalize_name(name): version
    for name, version in re.findall(
        r"^(\S+)==(\S+)$", (ROOT / "envs/constraints.txt").read_text(), re.M
    )
}
DISTRIBUTIONS = {
    "PIL": "pillow",
    "mp_api": "mp-api",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def needed_by(wanted):
    """Installed packages that requirements ask for, and those that these ask for."""
    waiting, seen = [Requirement(text) for text in wanted], set()
    while waiting:
        requirement = waiting.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) in seen or name == PROJECT["name"]:  # an extra that contains another
            continue
        seen.add((name, extras))
        for text in metadata.requires(name) or []:
            inner = Requirement(text)
            asked = [{"extra": extra} for extra in ("", *extras)]
            if inner.marker is None or any(map(inner.marker.evaluate, asked)):
                waiting.append(inner)
    return {name for name, _ in seen}


def test_every_package_that_is_installed_is_pinned():
    """Those that the project asks for, and those that they ask for; at the versions installed."""
    extras = PROJECT["optional-dependencies"]
    names = needed_by([*PROJECT["dependencies"], *chain(*extras.values())])
    assert len(names) > 100
    for name in names:
        version = metadata.version(name).partition("+")[0]  # without the build
        assert PINS.get(name) == version, name


def test_every_pin_but_torch_has_hashes():
    locked = re.findall(
        r"^(\S+)==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$",
        (ROOT / "envs/locked.txt").read_text(),
        re.M,
    )
    assert {"torch": PINS["torch"], **{name: version for name, version, _ in locked}} == PINS


def environment(name):
    """Packages of an environment, with their versions."""
    document = yaml.safe_load((ROOT / "envs" / name).read_text())
    assert document["channels"] == ["conda-forge"]
    *conda, pip = document["dependencies"]
    assert conda == ["python=3.11", "pip"]
    return dict(line.split("==") for line in pip["pip"])


def imported(script):
    """Packages that a script and the modules it reaches import, Python's own left out."""
    waiting, reached = [SCRIPTS / script], set()
    names = set()
    while waiting:
        path = waiting.pop()
        if path in reached:
            continue
        reached.add(path)
        waiting.extend(code._imported(path))
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                names.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module.partition(".")[0])
    return names - {"unlabelled"} - sys.stdlib_module_names


def test_all_rules_are_found():
    scripts = {path.name for path in SCRIPTS.glob("*.py")}
    assert {re.search(r"scripts/(\w+\.py)", body)[1] for body in RULES.values()} == scripts


@pytest.mark.parametrize("name", RULES)
def test_a_rule_says_what_it_needs_and_follows_its_code(name):
    body = RULES[name]
    assert re.match(r' +"""[A-Z].+\.', body)
    for directive in ("log", "conda", "threads", "resources", "script"):
        assert f"    {directive}:" in body, directive
    assert re.search(r" mem_mb=growing\(\d+\),", body)
    assert "runtime=" in body
    script = re.search(r"scripts/(\w+\.py)", body)[1]
    assert f'code=digest("{script}")' in body


@pytest.mark.parametrize("name", RULES)
def test_the_environment_of_a_rule_holds_all_its_script_imports(name):
    packages = environment(re.search(r'envs/(\w+\.yaml)"', RULES[name])[1])
    script = re.search(r"scripts/(\w+\.py)", RULES[name])[1]
    needed = {DISTRIBUTIONS.get(module, module) for module in imported(script)}
    # the Materials Project's client is loaded only where its data are fetched
    missing = (
        needed - set(packages) - ({"mp-api"} if name in {"structures", "compositions"} else set())
    )
    assert not missing


@pytest.mark.parametrize("path", sorted((ROOT / "envs").glob("*.yaml")), ids=lambda p: p.stem)
def test_environments_pin_the_versions_that_are_tested(path):
    packages = environment(path.name)
    for package, version in packages.items():
        assert PINS[canonicalize_name(package)] == version, package
    assert needed_by(packages) == set(map(canonicalize_name, packages))


def test_light_scripts_need_no_deep_learning_library():
    heavy = {script.name for script in SCRIPTS.glob("*.py") if "torch" in imported(script.name)}
    assert heavy == {
        "candidate_fields.py",
        "cross_validate_fields.py",
        "describe_ensemble.py",
        "digits.py",
        "element_orders.py",
        "element_vectors.py",
        "embed.py",
        "ensemble.py",
        "fine_tune.py",
        "initialise.py",
        "pack_encoder.py",
        "predict_candidates.py",
        "pretrain.py",
        "retrieval.py",
        "supervise.py",
    }


def test_the_profile_of_make_and_readme_exists():
    profiles = set()
    for name in ("Makefile", "README.md"):
        profiles.update(re.findall(r"--(?:workflow-)?profile (\S+)", (ROOT / name).read_text()))
    assert "workflow/profiles/default" in profiles
    for profile in profiles:
        assert list((ROOT / profile).glob("config*.yaml")), profile
