"""What all pages have in common: head, links, style, scripts, and what they may do."""

import base64
import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from unlabelled.files import written_whole
from unlabelled.pages import libraries
from unlabelled.pages.data import embedded
from unlabelled.plots import style

FOLDER = Path(__file__).parent
#: Pages of a report and how links call them, in order.
PAGES = {
    "index": "Report",
    "candidates": "Candidates",
    "crystals": "Crystals",
    "isotropy": "Isotropy",
}
_BLUE, _VERMILION, _GREEN, *_ = style.OKABE_ITO
COLOURS = {
    "ink": style.INK,
    "muted": style.MUTED,
    "grid": style.GRID,
    "blue": _BLUE,
    "vermilion": _VERMILION,
    "green": _GREEN,
}


def render(
    template: Path,
    *,
    name: str,
    title: str,
    lead: str,
    scale: str,
    pages: Collection[str],
    data: Any = None,
    scripts: Sequence[Path] = (),
    charts: bool = False,
    tables: bool = False,
    **values: Any,
) -> str:
    """Return a page.

    Parameters
    ----------
    template
        Jinja file that extends ``shell.html`` and fills the block ``content``.
    name
        Of the page, among :data:`PAGES`.
    title, lead
        Heading, and the sentences under it.
    scale
        Name of the study.
    pages
        Names of all pages that the study makes; the page links them.
    data
        JSON value that scripts find as ``study``; floats must be finite.
    scripts
        The page's own scripts. They follow ``shell.js`` in one module and may use what it defines.
    charts, tables
        Whether the page needs plotly.js, and DataTables.
    values
        Further variables of the template.

    Returns
    -------
    str
        HTML. Neither plotly.js nor DataTables nor anything else is fetched; a policy in the head
        forbids all requests, and all scripts but those put in here.
    """
    environment = Environment(
        loader=FileSystemLoader([template.parent, FOLDER]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    own = "".join(path.read_text("utf-8") for path in (FOLDER / "shell.js", *scripts))
    module = (libraries.datatables_import() if tables else "") + own
    library = libraries.plotly_script() if charts else ""
    styles = (libraries.datatables_style() if tables else "") + _read("shell.css")
    return environment.get_template(template.name).render(
        **values,
        title=title,
        lead=lead,
        scale=scale,
        name=name,
        links={page: text for page, text in PAGES.items() if page in pages},
        colours=COLOURS,
        styles=_raw(styles),
        data=embedded(data),
        library=_raw(library),
        module=_raw(module),
        policy=_policy([library, module], compiles=charts),
    )


def save(page: str, path: str | Path) -> None:
    """Write a page, whole or not at all."""
    with written_whole(path) as temporary:
        temporary.write_text(page, "utf-8")


def _read(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def _raw(text: str) -> Markup:
    """Mark style or script as safe: both come from files of this package and of the libraries.

    Raises
    ------
    ValueError
        If the text would end its element.
    """
    if "</script" in text.lower() or "</style" in text.lower():
        raise ValueError("a script or style sheet ends its own element")
    return Markup(text)  # noqa: S704 - as said above


def _policy(scripts: Sequence[str], *, compiles: bool) -> str:
    """Return the content security policy: these scripts and what they import, no requests.

    What plotly.js draws by WebGL it `compiles` into functions, which has to be allowed.
    """
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts if script]
    hashes = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    evaluation = " 'unsafe-eval'" if compiles else ""
    return (
        f"default-src 'none'; script-src {hashes} data:{evaluation}; style-src 'unsafe-inline'; "
        "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
    )
