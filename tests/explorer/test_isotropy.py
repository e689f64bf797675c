import itertools

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect

from unlabelled import pages
from unlabelled.explorer import isotropy
from unlabelled.explorer.isotropy import Grid

FORMULAS = ["TiO2", "SrTiO3", "NaCl", "KCl", "Fe", "ZnO"]
SEEDS = [(0, 0), (0, 1), (1, 0)]
MEASURES = [("isoscore", "corrected"), ("i_vec", "corrected"), ("i_vec", "published")]


def clusterings(k=2):
    return pd.concat(
        pd.DataFrame(
            {
                "row": range(6),
                "k": n,
                "kernel_seed": seeds[0],
                "k_means_seed": seeds[1],
                "cluster": [0, 0, 1, 1, n - 1, 0],
            }
        )
        for n in range(2, k + 1)
        for seeds in SEEDS
    )


def grid(
    collection="aflow",
    representations=("magpie", "corrected/seed=0"),
    kernels=("none", "rbf_median"),
):
    rows = [
        {
            "representation": representation,
            "kernel": kernel,
            "k": k,
            "kernel_seed": seeds[0],
            "k_means_seed": seeds[1],
            "measure": measure,
            "implementation": implementation,
            "value": 0.1 * i + 0.01 * k + 0.003 * seeds[1],
            "null_mean": 0.9 if implementation == "corrected" else np.nan,
            "z": -100.0 * i if implementation == "corrected" else np.nan,
            "low": 0.05 if seeds == (0, 0) and k == 2 and measure == "isoscore" else np.nan,
            "high": 0.95 if seeds == (0, 0) and k == 2 and measure == "isoscore" else np.nan,
            "n": 6,
            "ari_to_plain": 1.0 - 0.1 * i,
            "stability_kernel": np.nan,
            "stability_k_means": 0.8,
            "silhouette": 0.4,
            "davies_bouldin": np.inf,
            "size_sd_random": 1.5,
        }
        for i, (representation, kernel) in enumerate(itertools.product(representations, kernels))
        for k in (2, 3)
        for seeds in SEEDS
        for measure, implementation in MEASURES
        if implementation == "corrected" or seeds == (0, 0)
    ]
    found = isotropy.clusters_of(clusterings(3), FORMULAS)
    clusters = pd.concat(
        found.assign(representation=representation, kernel=kernel)
        for representation, kernel in itertools.product(representations, kernels)
    )
    return Grid(collection, pd.DataFrame(rows), clusters)


def written(path, *grids):
    made = isotropy.page(grids, scale="tiny", pages_made=["isotropy"])
    pages.save(made, path / "isotropy.html")
    return path / "isotropy.html"


@pytest.fixture
def page(tmp_path, visit):
    return visit(written(tmp_path, grid(), grid("minerals", ["magpie"])))


def texts(page):
    return page.evaluate("document.getElementById('chart').data[0].text")


def column(page, table, number):
    return page.locator(f"{table} tbody td:nth-child({number})")


def test_what_is_in_clusters():
    found = isotropy.clusters_of(clusterings(), FORMULAS)
    assert found["size"].tolist() == [3, 3] * 3
    first = found[(found["kernel_seed"] == 0) & (found["k_means_seed"] == 0)]
    assert first["elements"].tolist() == ["O 100%, Ti 67%, Sr 33%", "Cl 67%, Fe 33%, K 33%"]
    assert first["examples"].tolist() == ["TiO2, SrTiO3, ZnO", "NaCl, KCl, Fe"]
    assert not found.drop(first.index)["examples"].any()


def test_examples_come_from_everywhere():
    formulas = [f"Fe{i}O" for i in range(10)]
    rows = pd.DataFrame(
        {"row": range(10), "k": 1, "kernel_seed": 0, "k_means_seed": 0, "cluster": 0}
    )
    found = isotropy.clusters_of(rows, formulas)
    assert found["examples"].tolist() == ["Fe0O, Fe3O, Fe6O, Fe9O"]


def test_an_empty_cluster_has_no_members():
    rows = pd.DataFrame(
        {"row": [0, 1], "k": 2, "kernel_seed": 0, "k_means_seed": 0, "cluster": [1, 1]}
    )
    found = isotropy.clusters_of(rows, ["Fe", "NaCl"])
    assert found["size"].tolist() == [0, 2]
    assert found["examples"].tolist() == ["", "Fe, NaCl"]


def test_the_lead_counts():
    text = isotropy.page([grid()], scale="tiny", pages_made=[])
    assert "24 k-means clusterings: 2 representations of aflow (6 compositions)" in text


def test_cells_are_means_over_seeds(page):
    # 0.02 and 0.023 twice
    assert texts(page) == [["0.021", "0.12"], ["0.22", "0.32"]]


def test_measure_number_and_null_model_change_the_map(page):
    page.get_by_label("Number of clusters").select_option("3")
    assert texts(page)[0] == ["0.031", "0.13"]
    page.get_by_label("Shown as").select_option("z")
    assert texts(page) == [["0.0", "-100"], ["-200", "-300"]]
    page.get_by_label("Measure").select_option("agreement with no kernel (ARI)")
    assert texts(page)[1] == ["0.80", "0.70"]
    assert page.get_by_label("Shown as").input_value() == "value"


def test_published_measures_are_told_apart(page):
    groups = page.locator("#measure optgroup")
    labels = [group.get_attribute("label") for group in groups.all()]
    assert labels == ["corrected", "published", "whether clusters are real"]
    value = groups.nth(1).locator("option").get_attribute("value")
    page.get_by_label("Measure").select_option(value=value)
    assert "I_vec (published): 0.020" in page.locator("#shown").inner_text()
    assert page.locator("#quantity option").nth(1).is_disabled()


def test_a_click_on_a_cell_shows_its_clusterings(page):
    box = page.locator("#chart .nsewdrag").bounding_box()
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.75 * box["height"])
    shown = page.locator("#shown")
    expect(shown).to_contain_text("corrected, seed 0, RBF, median γ, 2 clusters.")
    expect(shown).to_contain_text("isotropic clusters 0.90; z -300")
    expect(column(page, "#clusterings", 4)).to_have_count(6)
    assert page.locator("#kernel").input_value() == "1"


def test_keys_alone_choose_a_cell(page):
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "kernel":
            break
    page.keyboard.press("ArrowDown")
    expect(page.locator("#shown")).to_contain_text("magpie, RBF, median γ, 2 clusters.")


def test_clusters_of_a_cell_have_sizes_and_contents(page):
    expect(column(page, "#clusters", 4)).to_have_text(["3"] * 6)
    expect(column(page, "#clusters", 7).first).to_have_text("TiO2, SrTiO3, ZnO")
    page.get_by_label("Number of clusters").select_option("3")
    expect(column(page, "#clusters", 4)).to_have_text(["3", "2", "1"] * 3)


def test_downloads_are_what_the_tables_show(page, shown, downloaded):
    for name in ("#clusters", "#clusterings"):
        assert downloaded(page, name) == shown(page, name)
    found = downloaded(page, "#clusterings")
    assert found[1][:8] == ["2", "0", "0", "0.02000", "0.05000", "0.9500", "0.9000", "0.000"]


def test_another_collection_brings_its_own_representations(page):
    page.get_by_label("Collection").select_option("minerals")
    assert len(texts(page)) == 1
    assert page.locator("#representation option").all_text_contents() == ["magpie"]


def test_names_cannot_inject_anything(tmp_path, visit, hostile):
    page = visit(written(tmp_path, grid(hostile, [hostile], [hostile])))
    assert page.locator("#shown").inner_text().startswith(f"{hostile.replace('=', ' ')}, ")
    assert hostile in page.locator("#chart").text_content()
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_fits_its_window(tmp_path, visit, overflow, loading_time, width):
    page = visit(written(tmp_path, grid()), width)
    assert overflow(page) == 0
    loading_time(page)
