import pandas as pd
import pytest
from playwright.sync_api import expect

from unlabelled import pages
from unlabelled.explorer import crystals
from unlabelled.explorer.crystals import Maps

UNITS = {"gap": "eV", "e_above_hull": "eV/atom"}


def known_crystals(formulas=("TiO2", "SrTiO3", "NaCl", "Fe")):
    n = len(formulas)
    return pd.DataFrame(
        {
            "material_id": [f"mp-{i}" for i in range(n)],
            "formula_reduced": formulas,
            "elements": [["O", "Ti"], ["O", "Sr", "Ti"], ["Cl", "Na"], ["Fe"]][:n],
            "n_sites": [6, 5, 2, 1][:n],
            "space_group": [136, 221, 225, 229][:n],
            "volume": [62.4, 59.5, 44.8, 11.8][:n],
            "gap": [3.0, 3.2, 8.5, None][:n],
            "e_above_hull": 0.0,
        }
    )


def of_task(task="band_gap", known=None):
    known = known_crystals() if known is None else known
    parts = [
        pd.DataFrame(
            {
                "task": task,
                "arm": arm,
                "material_id": known["material_id"],
                "x": [sign * i for i in range(len(known))],
                "y": [sign * i**2 for i in range(len(known))],
                "value": known["gap"],
            }
        )
        for arm, sign in (("untrained", 1.0), ("corrected", -1.0))
    ]
    # maps are in an order of their own
    return Maps(task, "dielectric", pd.concat(parts).iloc[::-1], known, UNITS)


def written(path, *maps):
    made = crystals.page(maps, scale="tiny", pages_made=["crystals"])
    pages.save(made, path / "crystals.html")
    return path / "crystals.html"


@pytest.fixture
def page(tmp_path, visit):
    return visit(written(tmp_path, of_task(), of_task("other_task")))


def trace(page):
    return page.evaluate(
        "(({type, x, y, selectedpoints, marker}) =>"
        " ({type, x: [...x], y: [...y], selectedpoints, colours: [...marker.color]}))"
        "(document.getElementById('chart').data[0])"
    )


def place_of_point(page, number):
    """Return where on the screen a point is."""
    page.locator("#chart").scroll_into_view_if_needed()
    return page.evaluate(
        """number => {
          const chart = document.getElementById("chart");
          const { left, top } = chart.getBoundingClientRect();
          const { xaxis, yaxis } = chart._fullLayout;
          const [{ x, y }] = chart.data;
          return [
            left + xaxis._offset + xaxis.l2p(x[number]),
            top + yaxis._offset + yaxis.l2p(y[number]),
          ];
        }""",
        number,
    )


def assert_shown(page, formulas):
    expect(page.locator("#crystals tbody td:first-child")).to_have_text(formulas)


def test_the_lead_counts():
    text = crystals.page([of_task()], scale="tiny", pages_made=[])
    assert "4 crystals of dielectric, placed by t-SNE" in text
    assert "(corrected, untrained)" in text


@pytest.mark.parametrize(
    ("number", "system"),
    [(1, "triclinic"), (2, "triclinic"), (3, "monoclinic"), (194, "hexagonal"), (230, "cubic")],
)
def test_crystal_systems(number, system):
    known = known_crystals().assign(space_group=number)
    assert crystals._data(of_task(known=known))["values"]["system"] == [system] * 4


def test_crystals_without_a_place_in_a_map_have_none():
    maps = of_task()
    maps = maps._replace(table=maps.table[maps.table["x"] != -1])
    arms = {arm["name"]: arm["x"] for arm in crystals._data(maps)["arms"]}
    assert arms == {"corrected": [-3, -2, 0, None], "untrained": [3, 2, 0, 1]}


def test_the_representation_moves_the_points(page):
    page.get_by_label("Representation").select_option("untrained")
    assert trace(page)["x"] == [3, 2, 1, 0]
    page.get_by_label("Representation").select_option("corrected")
    assert trace(page)["y"] == [-9, -4, -1, 0]


def test_colours_follow_the_property(page):
    assert trace(page)["colours"] == [None, 8.5, 3.2, 3.0]
    page.locator("#property").select_option("sites of the cell")
    assert trace(page)["colours"] == [1, 2, 5, 6]
    page.locator("#property").select_option("crystal system")
    assert page.locator("#legend").inner_text().split() == ["tetragonal", "cubic"]
    assert len(set(trace(page)["colours"])) == 2


@pytest.mark.parametrize(
    ("query", "formulas"),
    [
        ("Ti", ["SrTiO3", "TiO2"]),
        ("O Sr", ["SrTiO3"]),
        ("tio", ["SrTiO3", "TiO2"]),
        ("nacl", ["NaCl"]),
        ("MP-3", ["Fe"]),
    ],
)
def test_the_search_highlights_points_and_filters_the_table(page, query, formulas):
    page.get_by_role("searchbox").fill(query)
    assert_shown(page, formulas)
    assert trace(page)["selectedpoints"] == [
        ["Fe", "NaCl", "SrTiO3", "TiO2"].index(f) for f in formulas
    ]
    assert page.locator("#shown").inner_text() == f"{len(formulas)} of 4 crystals highlighted."


def test_a_search_may_find_nothing_and_be_taken_back(page):
    page.get_by_role("searchbox").fill("Xe")
    assert page.locator("#shown").inner_text() == "0 of 4 crystals highlighted."
    page.get_by_role("searchbox").fill("")
    assert_shown(page, ["Fe", "NaCl", "SrTiO3", "TiO2"])
    assert trace(page)["selectedpoints"] is None


def test_the_download_is_what_the_table_shows(page, shown, downloaded):
    page.get_by_role("searchbox").fill("O")
    page.locator("#crystals thead th", has_text="formula").click()
    assert_shown(page, ["SrTiO3", "TiO2"])
    found = downloaded(page, "#crystals")
    assert found == shown(page, "#crystals")
    assert found[0][2] == "gap (eV)"
    assert found[2] == ["TiO2", "mp-0", "3.000", "0.000", "tetragonal", "136", "6", "10.4"]


def test_keys_alone_change_the_task(page):
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "task":
            break
    page.keyboard.press("ArrowDown")
    assert page.get_by_label("Task").input_value() == "1"


def test_names_cannot_inject_anything(tmp_path, visit, hostile, downloaded):
    known = known_crystals().assign(formula_reduced=hostile, material_id=list("abcd"))
    maps = of_task(known=known)
    page = visit(written(tmp_path, maps._replace(dataset=hostile, labels={"gap": hostile})))
    assert_shown(page, [hostile] * 4)
    page.mouse.move(*place_of_point(page, 1))
    expect(page.locator(".hoverlayer")).to_contain_text(hostile)
    assert downloaded(page, "#crystals")[1][0] == hostile
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_fits_its_window(tmp_path, visit, overflow, loading_time, width):
    page = visit(written(tmp_path, of_task()), width)
    assert overflow(page) == 0
    loading_time(page)
