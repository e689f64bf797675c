import csv
import io

import pytest

HOSTILE = """<img src=x onerror="document.title='owned'">&amp;"""


@pytest.fixture
def hostile():
    """A text that would do harm if it were taken for HTML."""
    return HOSTILE


@pytest.fixture
def shown():
    """Function that returns headings and rows of a table on a page."""

    def of(page, table):
        rows = page.locator(f"{table} tr").all()
        cells = [row.locator("th, td").all_text_contents() for row in rows]
        return [[cell.strip() for cell in row] for row in cells if row]

    return of


@pytest.fixture
def downloaded():
    """Function that downloads a table by its button, and returns the rows of the file."""

    def of(page, table):
        box = page.locator(".dt-container", has=page.locator(table))
        with page.expect_download() as found:
            box.get_by_role("button", name="Download CSV").click()
        text = found.value.path().read_text("utf-8-sig")
        return list(csv.reader(io.StringIO(text)))

    return of


@pytest.fixture
def overflow():
    """Function that returns by how many pixels a page is wider than its window."""

    def of(page):
        return page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    return of


@pytest.fixture
def loading_time():
    """Function that prints how long a page took to load."""

    def of(page):
        spent = page.evaluate("performance.getEntriesByType('navigation')[0].duration")
        print(f"{page.title()}: {spent / 1000:.2f} s")  # noqa: T201 - seen with pytest -s

    return of
