"""Environments of rules, by a double of conda: it installs what their files ask of pip.

It solves nothing and has no channels, so of conda itself this tests no more than how it is called.
"""

import os
import sys

import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.campaign]
CONDA = """#!{python}
import json, pathlib, subprocess, sys, venv
import yaml

match sys.argv[1:]:
    case ["--version"]:
        print("conda 24.7.1")
    case ["info", "--json"]:
        print(json.dumps({{"conda_prefix": "{prefix}", "platform": "linux-64"}}))
    case ["config", "--get", "channel_priority", "--json"]:
        print(json.dumps({{"get": {{"channel_priority": "strict"}}}}))
    case ["env", "create", *_, "--file", file, "--prefix", made]:
        text = pathlib.Path(file).read_text()
        *_, pip = yaml.safe_load(text)["dependencies"]
        venv.create(made, with_pip=True)
        subprocess.run([made + "/bin/pip", "install", "--quiet", *pip["pip"]], check=True)
        (site,) = pathlib.Path(made).glob("lib/*/site-packages")
        line = text.partition("\\n")[0]
        record = f"print({{line!r}}, file=open('{prefix}/used', 'a'))"
        (site / "sitecustomize.py").write_text(record)
    case ["clean", *_]:
        pass
    case other:
        sys.exit(f"not among the calls of Snakemake: {{other}}")
"""


def test_jobs_run_in_the_environments_of_their_rules(make_study, tmp_path):
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "conda").write_text(CONDA.format(python=sys.executable, prefix=tmp_path))
    (commands / "conda").chmod(0o755)
    (commands / "activate").write_text('export PATH="$1/bin:$PATH"\n')
    study = make_study()
    study.environment = {"PATH": f"{commands}:{os.environ['PATH']}"}
    figure = "results/tiny/figures/structures/rejects.png"
    study.run("--use-conda", "--", figure)
    assert (study.folder / figure).exists()
    names = ("sources", "structures", "figures")
    files = [study.folder / "envs" / f"{name}.yaml" for name in names]
    used = set((tmp_path / "used").read_text().splitlines())
    assert used == {file.read_text().partition("\n")[0] for file in files}
