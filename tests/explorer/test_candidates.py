import pandas as pd
import pytest
from playwright.sync_api import expect

from unlabelled import pages
from unlabelled.explorer import candidates
from unlabelled.explorer.candidates import Ranking

FIELDS = ["Ga K Se", "Ga Rb Se", "K O Ti", "Ba O Ti", "In K S", "In Rb S"]


def table(fields=FIELDS):
    n = len(fields)
    return pd.DataFrame(
        {
            "field": fields,
            "rank": range(1, n + 1),
            "probability": [0.9 - 0.05 * (i % 4) for i in range(n)],
            "probability_sd": 0.1,
            "value": [1.5 + 0.111 * i for i in range(n)],
            "lower": 1.0,
            "upper": 4.0,
            "accessibility": [0.5 + 0.05 * i for i in range(n)],
            "agree": [i != 1 for i in range(n)],
            "on_front": [i in (0, n - 1) for i in range(n)],
            "nearest": "Ga Se; Ag K Se",
            "similarity": 2 / 3,
        }
    )


def written(path, *rankings):
    made = candidates.page(rankings, scale="tiny", pages_made=["candidates"])
    pages.save(made, path / "candidates.html")
    return path / "candidates.html"


@pytest.fixture
def page(tmp_path, visit):
    gap = Ranking("measured_gap", "eV", 3, 0.5, table())
    modulus = Ranking("bulk_modulus", "GPa", 3, 150, table(["B C N", "B N W"]))
    return visit(written(tmp_path, gap, modulus))


def element(page, symbol):
    return page.locator(f"#elements [data-symbol={symbol}]")


def assert_shown(page, fields):
    """Wait for it: sorting and searching take a moment."""
    expect(page.locator("#candidates tbody td:nth-child(2)")).to_have_text(fields)


def points(page):
    return page.evaluate("document.getElementById('chart').data[1].text.map(t => t.slice(3, 10))")


def test_the_lead_counts():
    text = candidates.page(
        [Ranking("measured_gap", "eV", 3, 0.5, table())], scale="tiny", pages_made=[]
    )
    assert "6 sets of elements that none of the study&#39;s collections reports" in text


def test_elements_filter_table_and_chart(page):
    assert_shown(page, FIELDS)
    element(page, "K").click()
    assert_shown(page, ["Ga K Se", "K O Ti", "In K S"])
    element(page, "O").click()
    element(page, "O").click()
    assert_shown(page, ["Ga K Se", "In K S"])
    assert sorted(points(page)) == ["Ga K Se", "In K S<"]
    shown = page.locator("#shown")
    assert shown.inner_text() == "2 of 6 candidates shown (with K; without O)."
    assert shown.get_attribute("aria-live") == "polite"
    element(page, "K").click()
    element(page, "K").click()
    assert_shown(page, ["Ga K Se", "Ga Rb Se", "In K S", "In Rb S"])


def test_the_state_of_an_element_is_told_in_words(page):
    ga = element(page, "Ga")
    assert ga.get_attribute("aria-label") == "Ga, in 2 candidates: does not matter"
    assert ga.get_attribute("aria-pressed") == "false"
    ga.click()
    assert ga.get_attribute("aria-label") == "Ga, in 2 candidates: must be there"
    assert ga.get_attribute("aria-pressed") == "true"
    assert ga.inner_text().split() == ["Ga", "+"]
    ga.click()
    assert ga.get_attribute("aria-label") == "Ga, in 2 candidates: must not be there"
    assert ga.inner_text().split() == ["Ga", "−"]


def test_an_element_of_no_candidate_filters_nothing(page):
    assert element(page, "Fe").get_attribute("aria-disabled") == "true"
    element(page, "Fe").click(force=True)
    assert_shown(page, FIELDS)


def test_keys_alone_reach_and_press_an_element(page):
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.symbol") == "H":
            break
    for key in ["ArrowDown"] * 3 + ["ArrowRight"] * 3:
        page.keyboard.press(key)
    focused = page.locator(":focus")
    assert focused.get_attribute("data-symbol") == "Ti"
    assert focused.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert_shown(page, ["K O Ti", "Ba O Ti"])
    page.keyboard.press("Space")
    assert_shown(page, ["Ga K Se", "Ga Rb Se", "In K S", "In Rb S"])


def test_arrows_jump_over_gaps_and_stop_at_the_rim(page):
    element(page, "H").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(":focus").get_attribute("data-symbol") == "He"
    page.keyboard.press("ArrowUp")
    assert page.locator(":focus").get_attribute("data-symbol") == "He"


def test_no_button_sends_the_chart_away(page):
    titles = [button.get_attribute("data-title") for button in page.locator(".modebar-btn").all()]
    assert "Zoom" in titles
    assert not [title for title in titles if "hare" in title or "loud" in title]


def test_headings_sort(page):
    heading = page.locator("#candidates thead th", has_text="accessibility")
    heading.click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    assert_shown(page, FIELDS)
    heading.get_by_role("button").press("Enter")
    expect(heading).to_have_attribute("aria-sort", "descending")
    assert_shown(page, FIELDS[::-1])


def test_the_download_is_what_the_table_shows(page, shown, downloaded):
    element(page, "K").click()
    page.get_by_role("searchbox").fill('"Ga K"')
    assert_shown(page, ["Ga K Se"])
    page.locator("#candidates thead th", has_text="accessibility").click()
    found = downloaded(page, "#candidates")
    assert found == shown(page, "#candidates")
    assert found[0][4] == "measured gap (eV)"
    assert [row[1] for row in found[1:]] == ["Ga K Se"]
    assert found[1][2:5] == ["0.900", "0.100", "1.50"]


def test_the_download_holds_all_pages_of_the_table(tmp_path, visit, downloaded):
    many = [f"{a} {b} K" for a in ("B", "C", "N", "O") for b in ("Ba", "Sr", "Rb", "Ga")]
    page = visit(written(tmp_path, Ranking("gap", "eV", 3, 0.5, table(many))))
    assert_shown(page, many[:10])
    assert [row[1] for row in downloaded(page, "#candidates")[1:]] == many


def test_clear_takes_all_filters_away(page):
    element(page, "K").click()
    page.get_by_role("searchbox").fill('"Ga K"')
    page.get_by_role("button", name="Clear filters").click()
    assert_shown(page, FIELDS)
    assert page.get_by_role("searchbox").input_value() == ""


def test_another_property_brings_its_own_candidates_and_units(page):
    element(page, "K").click()
    page.get_by_label("Property and size").select_option("bulk modulus, 3 elements")
    assert_shown(page, ["B C N", "B N W"])
    assert "bulk modulus (GPa)" in page.locator("#candidates thead").inner_text()
    assert "above 150 GPa" in page.locator("#about").inner_text()
    assert element(page, "K").get_attribute("aria-disabled") == "true"


def test_names_cannot_inject_anything(tmp_path, visit, hostile, downloaded):
    fields = table().assign(nearest=hostile)
    page = visit(written(tmp_path, Ranking(hostile, hostile, 3, 0.5, fields)))
    assert page.locator("#candidates tbody td:nth-child(11)").first.inner_text() == hostile
    page.evaluate("Plotly.Fx.hover('chart', [{curveNumber: 1, pointNumber: 0}])")
    expect(page.locator(".hoverlayer")).to_contain_text(f"nearest: {hostile}")
    found = downloaded(page, "#candidates")
    assert found[1][10] == hostile
    assert found[0][4] == f"{hostile} ({hostile})"
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_fits_its_window(tmp_path, visit, overflow, loading_time, width):
    page = visit(written(tmp_path, Ranking("gap", "eV", 3, 0.5, table())), width)
    assert overflow(page) == 0
    loading_time(page)
