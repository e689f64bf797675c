import json

import numpy as np
import pandas as pd
import pytest

from unlabelled import pages
from unlabelled.pages.data import embedded

HOSTILE = """</script><img src=x onerror="document.title='owned'">&'{{ 7 * 7 }}"""
TEMPLATE = """{% extends "shell.html" %}
{% block content %}<p id="own">{{ note }}</p>{% endblock %}
"""


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "small.html"
    path.write_text(TEMPLATE)
    return path


def rendered(template, **changes):
    settings = {
        "name": "index",
        "title": "Small",
        "lead": "One sentence.",
        "scale": "tiny",
        "pages": ["crystals", "index"],
        "note": "note",
    }
    return pages.render(template, **(settings | changes))


def test_numbers_have_the_digits_that_are_printed():
    table = pd.DataFrame({"a": [0.12345, np.nan, np.inf], "b": [1, 2, 3], "c": ["x", None, "y"]})
    columns = [pages.Column("a", "a", 2), pages.Column("b", "b", 0), pages.Column("c", "c")]
    expected = {"a": [0.12, None, None], "b": [1, 2, 3], "c": ["x", None, "y"]}
    found = pages.columnar(table, columns)
    assert found == expected
    assert all(isinstance(value, int) for value in found["b"])


def test_significant_digits():
    assert pages.rounded([0.000123456, -4940.36, np.nan, -np.inf]) == [0.0001235, -4940, None, None]


def test_json_has_no_character_of_html_and_the_same_value():
    value = {HOSTILE: [HOSTILE, "\u2028", 1.5, None, "Å³"]}
    text = embedded(value)
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == value


def test_json_without_a_number_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        embedded([float("nan")])


def test_links_lead_to_the_pages_that_are_made(template):
    text = rendered(template)
    assert '<a href="index.html" aria-current="page">Report</a>' in text
    assert '<a href="crystals.html">Crystals</a>' in text
    assert "candidates.html" not in text


def test_libraries_are_put_in_on_demand(template):
    assert len(rendered(template)) < 20_000
    assert len(rendered(template, charts=True)) > 4e6
    assert 5e5 < len(rendered(template, tables=True)) < 2e6


def test_a_variable_that_is_missing_is_an_error(template):
    template.write_text(TEMPLATE.replace("note", "nothing_such"))
    with pytest.raises(Exception, match="nothing_such"):
        rendered(template)


def test_a_script_that_would_end_its_element_is_refused(template, tmp_path):
    script = tmp_path / "own.js"
    script.write_text("const text = '</script>';")
    with pytest.raises(ValueError, match="ends its own element"):
        rendered(template, scripts=[script])


def test_hostile_texts_are_printed_as_they_are(template, tmp_path, visit):
    script = tmp_path / "own.js"
    script.write_text("byId('own').textContent += study.note;")
    texts = {"title": HOSTILE, "lead": HOSTILE, "scale": HOSTILE, "note": HOSTILE}
    path = tmp_path / "page.html"
    pages.save(rendered(template, **texts, data={"note": HOSTILE}, scripts=[script]), path)
    page = visit(path)
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator(".lead").inner_text() == HOSTILE
    assert page.locator("#own").inner_text() == HOSTILE + HOSTILE
    assert page.locator("img").count() == 0
    assert page.title() == f"{HOSTILE} · unlabelled"


def test_a_script_that_was_not_put_in_does_not_run(template, tmp_path, browser):
    path = tmp_path / "page.html"
    pages.save(
        rendered(template).replace("<main", "<script>document.title = 1</script><main"), path
    )
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.title() == "Small · unlabelled"
