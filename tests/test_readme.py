"""What the README tells people to write is valid, and what it points at exists."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from snakemake.utils import update_config

from unlabelled import study

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OVERLAYS = re.findall(r"```yaml\n(.*?)```", PAGES[0].read_text(), re.DOTALL)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_overlays_are_valid_studies(overlay):
    merged = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    update_config(merged, yaml.safe_load(overlay))
    schemas = [ROOT / f"workflow/schemas/{of}.schema.yaml" for of in ("config", "sources")]
    study.check(merged, ROOT / "resources/sources.yaml", *schemas)


def test_the_isotropy_of_ones_own_table_is_printed(tmp_path):
    program = re.search(r'python -c "\n(.*?)\n"\n', PAGES[0].read_text(), re.DOTALL)[1]
    random = np.random.default_rng(0)
    table = pd.DataFrame(random.standard_normal((60, 3)), columns=["a", "b", "c"])
    table.assign(cluster=["x", "y"] * 30).to_csv(tmp_path / "table.csv", index=False)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    value, null = done.stdout.split(" ", 1)
    assert 0.8 < float(value) < 1
    assert re.match(r"Null\(mean=0\.[89]\d+, sd=0\.0\d+\)", null)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^):]+)\)", page.read_text())
    for link in links:
        assert (page.parent / link).exists(), link


def test_every_option_of_a_variant_is_documented():
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    variants = schema["properties"]["pretraining"]["properties"]["variants"]
    text = (ROOT / "docs/infomax.md").read_text()
    for option in variants["additionalProperties"]["properties"]:
        assert f"`{option}`" in text, option
