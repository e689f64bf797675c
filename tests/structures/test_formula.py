import pytest

from unlabelled.structures.formula import agrees, readings


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("Pb S", {"Pb": 4, "S": 4}),
        ("Ca (C O3)", {"Ca": 2, "C": 2, "O": 6}),
        ("'Fe2 O3'", {"Fe": 12, "O": 18}),
        ("CaSO4·2H2O", {"Ca": 1, "S": 1, "O": 6, "H": 4}),
        ("CaSO4.2H2O", {"Ca": 1, "S": 1, "O": 6, "H": 4}),
        ("Ca S O4 .5H2O", {"Ca": 2, "S": 2, "O": 9, "H": 2}),
        ("K D2 P O4", {"K": 1, "H": 2, "P": 1, "O": 4}),
        ("Ti0.333 O0.667", {"Ti": 1, "O": 2}),
    ],
)
def test_formula_texts_agree_with_their_sites(text, counts):
    assert any(agrees(reading, counts) for reading in readings(text))


def test_one_atom_in_two_hundred_is_a_difference():
    [reading] = readings("Na100 Cl100")
    assert not agrees(reading, {"Na": 100, "Cl": 99})


@pytest.mark.parametrize("text", ["", "?", "rock salt", "Xx2 O3", "{'As': 1.0}", "Na" * 1000])
def test_what_is_no_formula_has_no_reading(text):
    assert readings(text) == []
