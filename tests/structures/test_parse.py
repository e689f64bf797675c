import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure
from pymatgen.io.cif import CifWriter
from tests.structures.conftest import as_entry, caesium_chloride, rock_salt

from unlabelled.sources.entry import Entry
from unlabelled.structures.crystal import Crystal
from unlabelled.structures.parse import Limits, Reject, parse
from unlabelled.structures.schema import MAX_MESSAGE, Reason

LIMITS = Limits(max_sites=50, max_text_mb=1)
CIF = str(CifWriter(rock_salt(), symprec=0.01))


def refused(entry, limits=LIMITS):
    result = parse(entry, limits)
    assert isinstance(result, Reject), result
    assert result.name == entry.name
    return result


def accepted(entry, limits=LIMITS):
    result = parse(entry, limits)
    assert isinstance(result, Crystal), result
    return result


@pytest.mark.parametrize("kind", ["cif", "poscar", "structure_dict"])
def test_every_format_gives_the_same_crystal(kind):
    crystal = accepted(as_entry("salt", rock_salt(), kind, labels={"gap": 5, "missing": None}))
    assert crystal.formula_reduced == "NaCl"
    assert crystal.elements == ("Cl", "Na")
    assert crystal.space_group == 225
    assert crystal.volume == pytest.approx(5.69**3)
    assert sorted(crystal.atomic_numbers) == [11] * 4 + [17] * 4
    assert crystal.frac_coords.shape == (8, 3)
    assert crystal.labels == {"gap": 5.0}


def test_symmetry_operations_of_a_cif_are_applied():
    assert "x, y, z" in CIF
    assert len(accepted(Entry("salt", CIF, "cif")).atomic_numbers) == 8


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_comment_ends_with_its_line(newline):
    commented = CIF.replace("0.00000000  1\n", "0.00000000  1 # sodium\n")
    assert commented.count("# sodium") == 1
    text = commented.replace("\n", newline)
    assert len(accepted(Entry("salt", text, "cif")).atomic_numbers) == 8


def test_coordinates_rounded_to_four_digits_do_not_split_sites():
    rounded = Structure(
        Lattice.hexagonal(3, 5), ["Mg", "Mg"], [[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]]
    )
    text = str(CifWriter(rounded, symprec=0.01)).replace("0.33333333", "0.3332")
    assert "0.3332" in text
    assert len(accepted(Entry("Mg", text, "cif")).atomic_numbers) == 2


def test_first_data_block_with_sites_is_taken():
    text = f"data_global\n_journal_name 'none'\n{CIF}\n{CifWriter(caesium_chloride())}"
    assert len(accepted(Entry("two", text, "cif")).atomic_numbers) == 8


def test_python_literals_are_structures_too():
    stored = rock_salt().as_dict()
    assert "'" in repr(stored)
    for text in [repr(stored), repr(stored | {"note": 'say "salt"'})]:
        assert accepted(Entry("salt", text, "structure_dict")).formula_reduced == "NaCl"


def test_properties_of_a_structure_dict_import_nothing():
    stored = rock_salt().as_dict()
    stored["sites"][0]["properties"] = {"x": {"@module": "no.such.module", "@class": "Thing"}}
    accepted(Entry("salt", json.dumps(stored), "structure_dict"))


def test_oxidation_states_are_dropped():
    charged = rock_salt().add_oxidation_state_by_element({"Na": 1, "Cl": -1})
    for kind in ["cif", "structure_dict"]:
        assert accepted(as_entry("salt", charged, kind)).elements == ("Cl", "Na")


def test_deuterium_is_hydrogen():
    crystal = accepted(as_entry("LiD", rock_salt(4.08, "Li", "D")))
    assert crystal.elements == ("H", "Li")


def test_a_left_handed_cell_keeps_its_space_group():
    mirrored = Structure(-np.eye(3) * 3.5, ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    assert accepted(as_entry("mirrored", mirrored)).space_group == 221


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "cif"),
        ("not a crystal", "cif"),
        (CIF.replace("_cell_length_a", "_cell_length_x"), "cif"),
        ("", "poscar"),
        ("salt\n1\n1 0 0\n", "poscar"),
        ("{", "structure_dict"),
        ("[1, 2]", "structure_dict"),
        ("__import__('os').getcwd()", "structure_dict"),
        ('{"sites": [{}], "lattice": {}}', "structure_dict"),
        ("(" * 10_000, "structure_dict"),
        ("[" * 100_000, "structure_dict"),
        ("\ud800", "poscar"),
    ],
)
def test_unreadable(text, kind):
    result = refused(Entry("bad", text, kind))
    assert result.reason is Reason.UNREADABLE
    assert 0 < len(result.message) <= MAX_MESSAGE
    result.message.encode()


def test_an_error_of_the_source_is_unreadable():
    result = refused(Entry("empty", "", "cif", error="the file is empty"))
    assert (result.reason, result.message) == (Reason.UNREADABLE, "the file is empty")


def test_a_poscar_without_symbols_is_unreadable():
    text = as_entry("salt", rock_salt(), "poscar").text.splitlines()
    bare = [line.removesuffix(" Na").removesuffix(" Cl") for line in text[:5] + text[6:]]
    result = refused(Entry("bare", "\n".join(bare), "poscar"))
    assert result.reason is Reason.UNREADABLE
    assert "false names" in result.message


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 0.0, -1e5, 1e100, 1e300])
def test_lattices_without_a_volume_are_unreadable(bad):
    stored = rock_salt().as_dict()
    stored["lattice"] = {"matrix": [[bad, 0, 0], [0, 5, 0], [0, 0, 5]]}
    assert refused(Entry("bad", json.dumps(stored), "structure_dict")).reason is Reason.UNREADABLE


@pytest.mark.parametrize("bad", [float("nan"), float("-inf"), 1e7, -1e300])
def test_coordinates_that_are_no_place_are_unreadable(bad):
    stored = rock_salt().as_dict()
    stored["sites"][0]["abc"] = [bad, 0, 0]
    assert refused(Entry("bad", json.dumps(stored), "structure_dict")).reason is Reason.UNREADABLE


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("data_none\n_cell_length_a 3\n", "cif"),
        (json.dumps({"lattice": rock_salt().lattice.as_dict(), "sites": []}), "structure_dict"),
    ],
)
def test_no_sites(text, kind):
    assert refused(Entry("none", text, kind)).reason is Reason.NO_SITES


@pytest.mark.parametrize("species", [{"Na": 0.5, "K": 0.5}, {"Na": 0.9}])
def test_disordered(species):
    mixed = Structure(Lattice.cubic(3.5), [species, "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    for kind in ["cif", "structure_dict"]:
        assert refused(as_entry("mixed", mixed, kind)).reason is Reason.DISORDERED


def test_rounded_occupancies_are_full():
    full = CIF.replace("1.0\n", "1.0004\n").replace("  1\n", "  1.0004\n")
    assert full != CIF
    accepted(Entry("full", full, "cif"))


@pytest.mark.parametrize("symbol", ["Fm", "Nh", "X"])
def test_unsupported_element(symbol):
    result = refused(as_entry("strange", caesium_chloride(4, symbol)))
    assert result.reason is Reason.UNSUPPORTED_ELEMENT
    assert symbol in result.message


def test_overlapping_sites():
    for close in [[0.1, 0, 0], [0.95, 0, 0]]:
        near = Structure(Lattice.cubic(4), ["Na", "Cl"], [[0, 0, 0], close])
        result = refused(as_entry("near", near))
        assert result.reason is Reason.OVERLAPPING_SITES
    sheared = Structure([[0.4, 0, 0], [0.1, 9, 0], [0, 0, 9]], ["Na"], [[0, 0, 0]])
    assert refused(as_entry("own image", sheared)).reason is Reason.OVERLAPPING_SITES


@pytest.mark.parametrize("kind", ["cif", "poscar", "structure_dict"])
def test_too_many_sites(kind):
    entry = as_entry("large", rock_salt() * (2, 2, 2), kind)
    accepted(entry, Limits(max_sites=64, max_text_mb=1))
    result = refused(entry, Limits(max_sites=63, max_text_mb=1))
    assert (result.reason, result.message) == (
        Reason.TOO_MANY_SITES,
        "64 sites, more than 63",
    )


@pytest.mark.parametrize(
    "text",
    ["big\n1\n9 0 0\n0 9 0\n0 0 9\nNa\n9999999999\nDirect\n0 0 0\n"],
)
def test_huge_counts_of_a_poscar_are_not_expanded(text):
    assert refused(Entry("big", text, "poscar")).reason is Reason.TOO_MANY_SITES


def test_sites_made_by_symmetry_are_counted_before_they_are_made(monkeypatch):
    general = "\n".join(
        f"  Na  Na{i}  192  0.{100 + 7 * i}  0.{201 + 11 * i}  0.{411 + 3 * i}  1" for i in range(9)
    )
    head = CIF[: CIF.index("  Na  Na0")]
    monkeypatch.setattr(
        "pymatgen.io.cif.CifParser.parse_structures",
        lambda *args, **kwargs: pytest.fail("expanded"),
    )
    result = refused(Entry("large", head + general, "cif"), Limits(max_sites=1000, max_text_mb=1))
    assert result.message == "1728 sites, more than 1000"


def test_composition_mismatch():
    result = refused(as_entry("salt", rock_salt(), formula="Na2 Cl"))
    assert result.reason is Reason.COMPOSITION_MISMATCH
    text = CIF.replace("Na4 Cl4", "Na4 Cl4 H8")
    assert text != CIF
    assert refused(Entry("wet", text, "cif")).reason is Reason.COMPOSITION_MISMATCH


def test_hydrogens_without_sites_are_a_composition_mismatch():
    lines = [line for line in CIF.splitlines() if "formula" not in line]
    text = "\n".join(lines).replace("  Cl  Cl1", "  Wat  Wat1")
    assert "Wat1" in text
    assert refused(Entry("wet", text, "cif")).reason is Reason.COMPOSITION_MISMATCH


def test_a_formula_that_cannot_be_read_is_not_compared():
    assert accepted(as_entry("salt", rock_salt(), formula="table salt")).formula_unread
    assert not accepted(as_entry("salt", rock_salt(), formula="Na Cl")).formula_unread


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_missing_label(value):
    limits = Limits(max_sites=50, max_text_mb=1, required_label="gap")
    result = refused(as_entry("salt", rock_salt(), labels={"gap": value}), limits)
    assert result.reason is Reason.MISSING_LABEL
    assert accepted(as_entry("salt", rock_salt(), labels={"gap": value})).labels == {}
    accepted(as_entry("salt", rock_salt(), labels={"gap": 0.0}), limits)


def test_warnings_of_the_parser_follow_its_error(recwarn):
    lines = [line for line in CIF.splitlines() if "symop" not in line and "', " not in line]
    text = "\n".join(lines).replace("0.50000000", "half").replace("0.5  0.5  0.5", "half 0 0")
    result = refused(Entry("bad", text, "cif"))
    assert result.reason is Reason.UNREADABLE
    assert not recwarn.list


@st.composite
def mutated(draw):
    text = draw(
        st.sampled_from(
            [CIF, as_entry("s", rock_salt(), "poscar").text, as_entry("s", rock_salt()).text]
        )
    )
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.integers(0, 30))
        new = draw(
            st.one_of(st.text(max_size=5), st.sampled_from(["nan", "-1", "1e308", "0", "\n"]))
        )
        text = text[:start] + new + text[end:]
    return text


@settings(max_examples=150, deadline=None)
@given(text=mutated(), kind=st.sampled_from(["cif", "poscar", "structure_dict"]))
def test_mutated_texts_never_raise(text, kind):
    assert isinstance(parse(Entry("mutated", text, kind), LIMITS), Crystal | Reject)
