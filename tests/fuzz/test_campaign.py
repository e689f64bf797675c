"""A fuzz campaign as long as there is time for; ``make fuzz`` runs all of it."""

import os

import pytest
from tests.fuzz import campaign as module
from tests.fuzz.campaign import campaign, corpus
from tests.fuzz.mutate import mutated

from unlabelled.structures.outcomes import ACCEPTED

SECONDS = 10


@pytest.fixture(scope="module", autouse=True)
def crystals():
    """At least 200 real files."""
    if len(corpus()) < 200:
        message = "no crystals; make run fetches them"
        pytest.fail(message) if "CI" in os.environ else pytest.skip(message)
    return list(corpus().values())


def test_damage_is_of_its_seed(crystals):
    found = [mutated(crystals, 0, index) for index in range(200)]
    assert found == [mutated(crystals, 0, index) for index in range(200)]
    assert found != [mutated(crystals, 1, index) for index in range(200)]
    changed = sum(data != crystals[number] for number, data in found)
    assert changed > 180


def test_no_damage_stops_a_run_or_loses_an_entry(tmp_path):
    outcomes = campaign(20_000, 1, tmp_path / "batch", per_batch=40, seconds=SECONDS)
    assert outcomes["files"] >= 40
    assert outcomes[ACCEPTED] > 0
    assert outcomes["structures: unreadable"] > 0
    assert outcomes.total() - outcomes["files"] >= outcomes["files"]


def test_a_lost_entry_is_found_out(tmp_path, monkeypatch):
    """The campaign itself: here the structures forget one entry of each batch."""
    build = module.structures.build

    def forgetful(entries, *args, **more):
        return build(lambda: list(entries())[1:], *args, **more)

    monkeypatch.setattr(module.structures, "build", forgetful)
    with pytest.raises(AssertionError) as caught:
        campaign(8, 0, tmp_path / "batch")
    assert caught.value.__notes__ == ["seed 0, mutations 0 to 7, folder"]
