"""Pages of the report: one self-contained file each, that opens without a network.

A page is a Jinja template that extends ``shell.html`` and fills its block ``content``. Templates
escape all they print; data travel as JSON; scripts are the page's own and two libraries, plotly.js
and DataTables, as the wheels of plotly and itables ship them.
"""

from unlabelled.pages.data import Column, columnar, rounded
from unlabelled.pages.shell import PAGES, render, save

__all__ = ["PAGES", "Column", "columnar", "render", "rounded", "save"]
