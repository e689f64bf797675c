"""The American Mineralogist Crystal Structure Database as an SQLite file, row by row as CIF text.

The tables state a site by its label, such as ``MgM1`` or ``Wat4``. A label is read with the help of
the elements of the stated formula only, so that no label becomes an element that is not there.
"""

import base64
import binascii
import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from unlabelled.errors import SourceError
from unlabelled.sources.entry import Entry

_QUERY = """
SELECT cif.id, cif.formula, cif.a, cif.b, cif.c, cif.alpha, cif.beta, cif.gamma,
       cif.atoms_sites, cif.atoms_x, cif.atoms_y, cif.atoms_z, cif.atoms_occupancy,
       spacegroups.symmetry_xyz
FROM cif LEFT JOIN spacegroups ON spacegroups.id = cif.spacegroup_id
ORDER BY cif.id
"""
_CELL = {
    "a": "_cell_length_a",
    "b": "_cell_length_b",
    "c": "_cell_length_c",
    "alpha": "_cell_angle_alpha",
    "beta": "_cell_angle_beta",
    "gamma": "_cell_angle_gamma",
}
_SCALE = 4e6  # numbers are stored as 32-bit integers of 1/4,000,000
_MARKERS = {8_000_000: "?", 12_000_000: "."}  # 2.0 and 3.0 stand for CIF's unknown and default
_NOT_STORED = "0"
_FARTHEST = 2.0  # a fractional coordinate beyond has lost its decimal point (60.0, 10.66667)
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)(\(\d+\))?")
_OPERATION = re.compile(r"[-+xyzXYZ0-9/., ]+")

_ELEMENTS = frozenset(
    re.findall(
        r"\w+",
        "H D He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge "
        "As Se Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm "
        "Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U "
        "Np Pu Am Cm Bk Cf Es Fm Md No Lr ",
    )
)
# Water, ammonium and the like as one site. The stated formula may have lost the same atoms (N Cl
# for NH4Cl), so that a comparison of compositions would not find the loss.
_GROUP = re.compile(r"Wat|H2O|CO3|[CN][Hh]\d")
_MIXED = re.compile(r"[A-Z][a-z]([A-Z][a-z])\d*")  # FeCu, AsSb: two elements on one site


class _UnreadableError(ValueError):
    """One row of the database cannot be rendered."""


def entries(name: str, path: str | Path) -> Iterator[Entry]:
    """Yield the minerals of the database, each as CIF text with its stated formula.

    Parameters
    ----------
    name
        Name of the source, for messages.
    path
        The SQLite file.

    Yields
    ------
    Entry
        Named by the seven-digit database code. A row whose cell, symmetry or sites are incomplete,
        or with a site label that names no element of the stated formula, has an error.

    Raises
    ------
    SourceError
        If the file is no such database.
    """
    path = Path(path)
    if not path.is_file():
        raise SourceError(f"source {name!r}: {path} does not exist; fetch it first")
    try:
        # immutable: no journal is looked for or made beside the file
        uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as database:
            database.row_factory = sqlite3.Row
            for row in database.execute(_QUERY):
                yield _entry(row)
    except sqlite3.DatabaseError as error:
        raise SourceError(
            f"source {name!r}: {path} is not the AMCSD in SQLite: {error}; fetch it again"
        ) from error


def _entry(row: sqlite3.Row) -> Entry:
    code = f"{row['id']:07d}"
    try:
        return Entry(code, _cif(code, row), "cif", formula=row["formula"])
    except _UnreadableError as error:
        return Entry(code, "", "cif", formula=row["formula"], error=str(error))


def _cif(code: str, row: sqlite3.Row) -> str:
    lines = [f"data_{code}", f"_database_code_amcsd {code}"]
    lines += [f"{tag} {_cell_number(key, row[key])}" for key, tag in _CELL.items()]
    lines += ["loop_", "_symmetry_equiv_pos_as_xyz"]
    lines += [f"'{operation}'" for operation in _operations(row["symmetry_xyz"])]
    lines += ["loop_", "_atom_site_label", "_atom_site_type_symbol"]
    lines += [f"_atom_site_fract_{axis}" for axis in "xyz"]
    lines += ["_atom_site_occupancy", *_sites(row)]
    return "\n".join(lines) + "\n"


def _cell_number(key: str, text: str | None) -> str:
    if text is None or not _NUMBER.fullmatch(text.strip()):
        raise _UnreadableError(f"the cell's {key} is {text!r}, not a number")
    return text.strip()


def _operations(text: str | None) -> list[str]:
    operations = _json_list(text, "symmetry operations")
    for operation in operations:
        if not _OPERATION.fullmatch(operation):
            raise _UnreadableError(f"{operation!r} is not a symmetry operation")
    return operations


def _sites(row: sqlite3.Row) -> list[str]:
    labels = _json_list(row["atoms_sites"], "sites")
    elements = _ELEMENTS.intersection(re.findall(r"[A-Z][a-z]?", row["formula"] or ""))
    columns = [_decoded(row[f"atoms_{axis}"], f"coordinate {axis}", len(labels)) for axis in "xyz"]
    if row["atoms_occupancy"] == _NOT_STORED:
        columns.append(["1"] * len(labels))
    else:
        columns.append(_decoded(row["atoms_occupancy"], "occupancy", len(labels)))
    lines = []
    for number, (label, *values) in enumerate(zip(labels, *columns, strict=True), start=1):
        symbol = _symbol(label, elements)
        if set(values) & set(_MARKERS.values()):
            raise _UnreadableError(f"the site {label!r} lacks a coordinate or its occupancy")
        far = [value for value in values[:3] if abs(float(value)) > _FARTHEST]
        if far:
            raise _UnreadableError(f"the site {label!r} has the fractional coordinate {far[0]}")
        lines.append(f"{symbol}{number} {symbol} {' '.join(values)}")
    return lines


def _symbol(label: str, elements: frozenset[str]) -> str:
    if _GROUP.match(label):
        raise _UnreadableError(
            f"the site {label!r} stands for a group of atoms whose positions are not given"
        )
    mixed = _MIXED.fullmatch(label)
    if mixed and mixed[1] in _ELEMENTS:
        raise _UnreadableError(f"the site {label!r} stands for two elements in unknown proportion")
    for symbol in (label[:2], label[:1]):
        if symbol in elements:
            return symbol
    raise _UnreadableError(
        f"the site {label!r} names no element of the stated formula "
        f"({', '.join(sorted(elements)) or 'none is stated'})"
    )


def _json_list(text: str | None, what: str) -> list[str]:
    try:
        values = json.loads(text or "null")
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or not values or not all(isinstance(v, str) for v in values):
        raise _UnreadableError(f"no {what} are given")
    return values


def _decoded(text: str | None, what: str, length: int) -> Sequence[str]:
    try:
        stored = np.frombuffer(base64.b64decode(text or "", validate=True), dtype="<i4")
    except (binascii.Error, ValueError) as error:
        raise _UnreadableError(f"the column {what} cannot be decoded: {error}") from error
    if len(stored) != length:
        raise _UnreadableError(f"{length} sites are named but {len(stored)} have a {what}")
    return [_MARKERS.get(int(value)) or f"{value / _SCALE:.6f}" for value in stored]
