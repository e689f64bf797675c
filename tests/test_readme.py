"""What the README tells people to write is valid, and what it points at exists."""

import re
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from unlabelled import study

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
OVERLAYS = [
    overlay
    for page in PAGES
    if page.parent != ROOT / "docs"  # whose blocks are something else
    for overlay in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)
]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_overlays_are_valid_studies(overlay):
    merged = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    update_config(merged, yaml.safe_load(overlay))
    schemas = [ROOT / f"workflow/schemas/{of}.schema.yaml" for of in ("config", "sources")]
    study.check(merged, ROOT / "resources/sources.yaml", *schemas)


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
