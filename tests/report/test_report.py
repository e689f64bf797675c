import base64
import io
import math
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from unlabelled import tables
from unlabelled.claims import scorecard
from unlabelled.report import page, provenance, summary
from unlabelled.report.figures import figure
from unlabelled.structures.schema import REJECTS

HOSTILE = '<img src=x onerror=alert(1)> & "quotes"'


def judged(**changes):
    row = {
        "id": "large/50",
        "paper": "isotropy",
        "kind": "claim",
        "statement": "x is large",
        "source": "abstract",
        "published": 0.5,
        "unit": "eV",
        "direction": "above",
        "reference": 0.0,
        "measured": 0.512345,
        "low": 0.4,
        "high": 0.6,
        "over": "folds",
        "verdict": "reproduced",
        "why": "the interval holds the published value",
        "tables": ["numbers.parquet"],
    }
    return {**row, **changes}


CARD = pd.DataFrame(
    [
        judged(),
        judged(id="hostile", statement=HOSTILE, verdict="contradicted", published=math.nan),
        judged(id="fault", kind="fault", paper="infomax", published=math.nan),
        judged(
            id="elsewhere",
            verdict="not testable here",
            why="needs a table",
            measured=math.nan,
            low=math.nan,
            high=math.nan,
        ),
    ],
    columns=scorecard.SCHEMA.names,
)

SUMMARY = pd.DataFrame(
    [
        ("untrained", "ridge", 50, 0.5),
        ("untrained", "ridge", 200, 0.4),
        ("as_published", "ridge", 50, 0.45),
        ("as_published", "ridge", 200, 0.41),
        ("as_published", "linear", 50, 0.1),
        ("scratch", "fine_tuning", 50, 0.6),
    ],
    columns=["arm", "head", "n_labels", "median"],
)

METRICS = pd.DataFrame(
    [
        ("gap", split, model, fold, metric, value + fold / 100)
        for split, shift in (("random", 0.0), ("element", -0.1))
        for model, auc in (("published", 0.8), ("stack", 0.9))
        for fold in (0, 1)
        for metric, value in (("roc_auc", auc + shift), ("mae", 1 - auc), ("f1", 0.5))
    ],
    columns=["property", "split", "model", "fold", "metric", "value"],
)

MEASURED = pd.DataFrame(
    [
        ("magpie", "none", 5, "isoscore", "corrected", 0.1, 0.7, 1.0, np.nan, 0.9, 4.0),
        ("magpie", "rbf", 5, "isoscore", "corrected", 0.7, 0.7, 0.0, 0.0, 0.9, 1.2),
        ("magpie", "rbf", 2, "isoscore", "corrected", 0.6, 0.7, 0.0, 0.0, 0.9, 1.2),
        ("magpie", "rbf", 5, "i_vec", "corrected", 0.3, 0.7, 0.0, 0.0, 0.9, 1.2),
    ],
    columns=[
        *("representation", "kernel", "k", "measure", "implementation", "value", "null_mean"),
        *("ari_to_plain", "stability_kernel", "stability_k_means", "size_sd_random"),
    ],
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.51234, "0.512"),
        (123.4, "123"),
        (63384.0, "63,384"),
        (-0.0123, "−0.0123"),
        (0.0, "0"),
        (1e-9, "1.00e−09"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_numbers_have_three_digits(value, text):
    assert summary.number(value) == text


def test_intervals_stand_behind_values_that_have_one():
    assert summary.interval(0.5, 0.4, 0.6) == "0.500 [0.400, 0.600]"
    assert summary.interval(7.0, 7.0, 7.0) == "7.00"
    assert summary.interval(0.5, math.nan, math.nan) == "0.500"


def test_claims_are_counted_and_grouped_by_study():
    counts = summary.counts(CARD)
    assert counts.columns[1:3] == ["reproduced", "same direction"]
    rows = {row[0]: row[1:] for row in counts.rows}
    assert rows["Isotropy of clusters"] == ["1", "0", "0", "1", "1"]
    assert rows["All"] == ["2", "0", "0", "1", "1"]
    infomax, isotropy, *_ = summary.judged(CARD)
    assert [claim["published"] for claim in infomax.claims] == ["–"]
    assert [claim["id"] for claim in isotropy.claims] == ["large/50", "hostile"]
    assert [claim["published"] for claim in isotropy.claims] == ["0.500 eV", "unknown"]
    assert isotropy.claims[0]["found"] == "0.512 [0.400, 0.600] eV"
    assert [claim["id"] for claim in isotropy.untested] == ["elsewhere"]


def test_errors_are_those_of_the_methods_and_of_fine_tuned_encoders():
    table = summary.errors(
        SUMMARY, "band_gap", "eV", [("untrained", "ridge"), ("as_published", "ridge")]
    )
    assert table.columns == ["Method", "50", "200"]
    assert table.rows == [
        ["untrained, ridge", "0.500", "0.400"],
        ["as published, ridge", "0.450", "0.410"],
        ["scratch, fine-tuned", "0.600", "–"],
    ]
    assert summary.say_errors(SUMMARY, "band_gap", "eV") == (
        "Smallest median error of band gap: with 50 labels 0.100 eV (as published, linear); "
        "200 labels 0.400 eV (untrained, ridge)."
    )


def test_shapes_are_those_of_one_number_of_clusters():
    table = summary.shapes(MEASURED, "aflow", 5)
    assert [row[0] for row in table.rows] == ["magpie, none", "magpie, rbf"]
    assert table.rows[1][1:] == ["0.700", "0.700", "0", "0", "0.900", "1.20"]
    assert "in 1 of 2 pairs" in summary.say_shapes(MEASURED, "aflow")


def test_models_stand_beside_each_other_split_by_split():
    splits = {"random": "random folds", "element": "elements held out"}
    table = summary.models(METRICS, "gap", "eV", splits)
    assert table.columns == [
        "Model",
        "random folds: AUC",
        "random folds: MAE (eV)",
        "elements held out: AUC",
        "elements held out: MAE (eV)",
    ]
    assert table.rows[1] == ["stack", "0.905", "0.105", "0.805", "0.105"]
    assert summary.say_models(METRICS, "gap", "random").endswith("stack 0.905, published 0.805.")


def test_origins_of_raw_data_are_named_with_their_digests():
    specs = {
        "flla": {
            "kind": "package",
            "package": "matminer",
            "version": "0.3.2",
            "member": "flla.csv",
            "sha256": "a" * 64,
            "member_sha256": "b" * 64,
            "licence": "CC BY",
            "citation": "Faber",
        },
        "mine": {"kind": "folder", "path": "crystals", "licence": "own"},
    }
    found = provenance.sources(specs).set_index("source")
    assert found.loc["flla", "origin"] == "matminer 0.3.2: flla.csv"
    assert found.loc["flla", "sha256"] == "b" * 64
    assert found.loc["mine", "origin"] == "crystals"


def test_rejects_and_run_times_are_summed(tmp_path):
    refused = pd.DataFrame(
        [
            ("a", "flla", "structures", "too large", ""),
            ("b", "flla", "structures", "too large", ""),
        ],
        columns=REJECTS.names,
    )
    tables.write(refused, tmp_path / "x.parquet", REJECTS, {})
    tables.write(refused.iloc[:0], tmp_path / "y.parquet", REJECTS, {})
    found = provenance.rejects([tmp_path / "x.parquet", tmp_path / "y.parquet"])
    assert found.to_numpy().tolist() == [["flla", "structures", "too large", 2]]
    for name, seconds in (("loco/gap/magpie", 60), ("loco/modulus/magpie", 30), ("other/x", 600)):
        path = tmp_path / f"benchmarks/{name}.tsv"
        path.parent.mkdir(parents=True)
        path.write_text(f"s\tmax_rss\tcpu_time\n{seconds}\t2048\t{2 * seconds}\n")
    patterns = {"loco": "results/demo/benchmarks/loco/{property}/{representation}.tsv"}
    *_, times = provenance.of_study({}, [], 0, tmp_path, patterns)
    assert times.rows == [["loco", "2", "1.50", "3.00", "2.00"]]


def picture(path, width=1200, height=600):
    Image.new("RGB", (width, height), "#0072B2").save(path)
    return path


def test_a_figure_is_halved_and_its_caption_filled_in(tmp_path):
    caption = tmp_path / "paired.rst"
    caption.write_text(
        "{{ snakemake.config['n'] }} draws\n of {{ snakemake.wildcards.task }}: "
        "{{ snakemake.output.table }}"
    )
    found = figure(picture(tmp_path / "paired.png"), caption, {"n": 12}, {"task": "gap"})
    assert found.caption == f"12 draws of gap: {tmp_path / 'paired.parquet'}"
    kind, packed = found.address.split(",")
    assert kind == "data:image/webp;base64"
    with Image.open(io.BytesIO(base64.b64decode(packed))) as small:
        assert small.size == (found.width, found.height) == (600, 300)
        assert small.convert("RGB").getpixel((10, 10)) == (0, 0x72, 0xB2)


@pytest.fixture
def report(tmp_path):
    (tmp_path / "caption.rst").write_text("A wide figure. With a path: " + "results/" * 30)
    drawn = figure(picture(tmp_path / "wide.png"), tmp_path / "caption.rst", {}, {})
    strands = [
        page.infomax({"gap": SUMMARY}, {"gap": "eV"}, [("untrained", "ridge")], [drawn]),
        page.isotropy({"aflow": MEASURED}, 5, [drawn]),
        page.phase_fields(METRICS, {"gap": "eV"}, {"random": "random folds"}, [drawn]),
    ]
    html = page.page(
        CARD,
        strands,
        provenance.of_study({}, [], 2025, tmp_path, {}),
        conclusive=False,
        scale="demo",
        pages_made=["index", "candidates"],
    )
    path = tmp_path / "index.html"
    path.write_text(html, "utf-8")
    return path


def test_the_page_says_what_was_judged_and_escapes_all_text(report):
    html = report.read_text("utf-8")
    assert "of 4 of their claims" in html
    assert "judges 3: 2 reproduced, 1 contradicted. It is too small to conclude from" in html
    assert "<img src=x" not in html
    assert "candidates.html" in html
    assert "crystals.html" not in html
    assert not re.search(r'(?:src|href)="https?:', html)


def test_what_was_found_comes_first_where_few_claims_are_judged():
    card = CARD.assign(verdict=["reproduced", *["not testable here"] * 3])
    strand = page.Strand("Shape of clusters", "Which?", [], [], [])
    of_page = {"conclusive": True, "scale": "mine", "pages_made": ["index"]}
    html = page.page(card, [strand], [], **of_page)
    assert html.index('id="strand-1"') < html.index('id="scorecard"') < html.index('"provenance"')
    assert "published studies find. Of 4 of their claims" in html
    html = page.page(CARD, [strand], [], **of_page)
    assert html.index('id="scorecard"') < html.index('id="strand-1"')


@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_opens_in_a_browser_and_fits(visit, report, width):
    opened = visit(report, width)
    assert opened.locator("h2").all_text_contents() == [
        "Scorecard",
        "Deep InfoMax pre-training",
        "Shape of clusters",
        "Phase fields",
        "Data, versions, time",
    ]
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    first = opened.locator("img").first
    first.scroll_into_view_if_needed()  # pictures are loaded when they are seen
    assert first.evaluate("image => image.decode().then(() => image.naturalWidth)") == 600
    assert HOSTILE in opened.locator("table.claims").nth(1).inner_text()
    opened.get_by_text("1 not testable here").click()
    assert opened.get_by_text("needs a table").is_visible()
    assert opened.locator(".verdict").all_text_contents() == [
        *("reproduced", "reproduced", "contradicted"),
    ]
