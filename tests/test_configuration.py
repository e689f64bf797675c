import re

import pytest
import yaml

from unlabelled.configuration import check
from unlabelled.errors import ConfigurationError

SCHEMA = """
type: object
additionalProperties: false
required: [seed]
properties:
  seed: {type: integer}
  draws: {type: array, items: {type: integer, minimum: 1}}
  split:
    type: object
    additionalProperties: false
    properties: {fraction: {type: number}, fold: {type: string}}
  size:
    oneOf:
      - type: object
        additionalProperties: false
        required: [sites, atoms]
        properties: {sites: {type: integer}, atoms: {type: integer}}
      - type: object
        additionalProperties: false
        required: [density, width]
        properties: {density: {type: number}, width: {type: number}}
"""


@pytest.fixture
def faults(tmp_path):
    """Lines on what is wrong with a document in YAML."""
    schema = tmp_path / "study.schema.yaml"
    schema.write_text(SCHEMA)

    def lines(text):
        with pytest.raises(ConfigurationError) as caught:
            check(yaml.safe_load(text), schema, "config.yaml")
        first, *rest = str(caught.value).split("\n")
        assert first == "config.yaml does not follow study.schema.yaml:"
        return [re.sub("^  ", "", line) for line in rest]

    check({"seed": 1, "draws": [1], "size": {"sites": 1, "atoms": 2}}, schema, "config.yaml")
    return lines


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{sed: 1, seed: 1}", "top level: unknown key 'sed'; did you mean 'seed'?"),
        ("{seed: 1, 3: 1}", "top level: unknown key 3; known: seed, draws, split, size"),
        ("{seed: 1, split: {flod: a}}", "split: unknown key 'flod'; did you mean 'fold'?"),
        ("{draws: [1]}", "top level: 'seed' is a required property"),
        ("{seed: one}", "seed: 'one' is not of type 'integer'"),
        ("{seed: true}", "seed: True is not of type 'integer'"),
        ("{seed: 1, draws: [3, 0]}", "draws.1: 0 is less than the minimum of 1"),
        ("", "top level: None is not of type 'object'"),
        ("{seed: 1, size: {sites: 3}}", "size: 'atoms' is a required property"),
        ("{seed: 1, size: {sites: 3, atoms: x}}", "size.atoms: 'x' is not of type 'integer'"),
    ],
)
def test_a_fault_is_one_line_with_place_finding_and_remedy(faults, text, line):
    assert faults(text) == [line]


def test_all_faults_are_told_in_the_order_of_their_places(faults):
    assert faults("{seed: 1.5, draws: [0], split: {flod: a, fractions: 1}}") == [
        "draws.0: 0 is less than the minimum of 1",
        "seed: 1.5 is not of type 'integer'",
        "split: unknown key 'flod'; did you mean 'fold'?",
        "split: unknown key 'fractions'; did you mean 'fraction'?",
    ]
