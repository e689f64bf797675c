"""The libraries that pages carry, from the wheels that ship them."""

import base64
from functools import cache
from importlib import resources

import itables
import plotly.offline


@cache
def plotly_script() -> str:
    """Return plotly.js, which defines ``Plotly``."""
    script: str = plotly.offline.get_plotlyjs()
    return script


@cache
def datatables_import() -> str:
    """Return the statement that imports ``DataTable``.

    The library is a module, and pages that are opened as files may not import others. It therefore
    travels inside its own address.
    """
    script = (resources.files(itables) / "html" / "dt_bundle.js").read_bytes()
    address = f"data:text/javascript;base64,{base64.b64encode(script).decode()}"
    return f'import DataTable from "{address}";\n'


@cache
def datatables_style() -> str:
    """Return the style sheet of DataTables."""
    return (resources.files(itables) / "html" / "dt_bundle.css").read_text("utf-8")
