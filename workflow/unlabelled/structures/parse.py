"""One entry of a source -> one checked crystal, or the reason why not."""

import json
import math
import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import spglib
from pymatgen.core.composition import Composition
from pymatgen.core.lattice import Lattice
from pymatgen.core.periodic_table import Element
from pymatgen.core.structure import Structure
from pymatgen.io.cif import CifBlock, CifParser
from pymatgen.io.vasp.inputs import Poscar
from scipy.spatial import cKDTree

from unlabelled.literals import python_literal
from unlabelled.sources.entry import Entry
from unlabelled.structures import formula
from unlabelled.structures.crystal import SYMPREC, Crystal, Floats
from unlabelled.structures.schema import MAX_MESSAGE, MAX_NAME, Reason, bounded

MAX_LITERAL = 1_000_000  # characters of a Python literal; each takes some 200 bytes in parsing
MAX_ATOMIC_NUMBER = 99
MIN_DISTANCE = 0.5  # Å
MAX_COORDINATE = 1e6  # cells; beyond, the place within the cell loses its digits
MIN_VOLUME = 1e-3  # Å³
MAX_LENGTH = 1e4  # Å, of a lattice vector; of crystals of viruses it is a thousand
# Printed occupancies are rounded; within this of 1 a site is full.
OCCUPANCY_TOLERANCE = 1e-3
# CIF coordinates are printed to as few as four digits; closer than this they are one site, lest
# symmetry split it in two.
SITE_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Limits:
    """What an entry must satisfy apart from being a crystal.

    Attributes
    ----------
    max_sites
        Largest number of sites of the cell as read.
    max_text_mb
        Largest size of the text, in 10^6 characters.
    required_label
        Label that must be a finite number, if any.
    """

    max_sites: int
    max_text_mb: float
    required_label: str | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """An entry that was refused.

    Attributes
    ----------
    name
        Identifier given by the source.
    reason
        One of the closed vocabulary.
    message
        What the parser or the check said.
    """

    name: str
    reason: Reason
    message: str


class _RefusedError(Exception):
    """A check failed; carries its reason."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def parse(entry: Entry, limits: Limits) -> Crystal | Reject:
    """Parse and check one entry.

    Checks come in this order: readable, required label, number of sites, finite lattice and
    coordinates, ordered, supported elements, no overlap, stated formula. The number of sites is
    counted before anything expensive is built, so an entry that is both large and, say, disordered
    is refused as too large. Oxidation states are dropped; deuterium and tritium become hydrogen; a
    POSCAR without element symbols is unreadable. The stated formula is that of the entry or else
    the ``_chemical_formula_sum`` of a CIF.

    Parameters
    ----------
    entry
        The entry as its source states it.
    limits
        What it must satisfy.

    Returns
    -------
    Crystal or Reject
        Whatever a parser raises becomes the message of a reject, followed by what it warned of.

    Raises
    ------
    MemoryError
        Alone of all exceptions: what the limit was is known where it was set.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            return _checked(entry, limits)
        except _RefusedError as error:
            return reject(entry, error.reason, str(error))
        except MemoryError:
            raise
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            said = dict.fromkeys(str(warning.message) for warning in caught)
            return reject(entry, Reason.UNREADABLE, "; ".join([message, *said]))


def reject(entry: Entry, reason: Reason, message: str) -> Reject:
    """Refuse an entry, with its name and a message of one line, both of bounded length."""
    line = " ".join(message.split())
    return Reject(bounded(entry.name, MAX_NAME), reason, bounded(line, MAX_MESSAGE))


def _checked(entry: Entry, limits: Limits) -> Crystal:
    if entry.error is not None:
        raise _RefusedError(Reason.UNREADABLE, entry.error)
    labels = {name: float(x) for name, x in entry.labels.items() if x is not None and _finite(x)}
    if limits.required_label is not None and limits.required_label not in labels:
        value = entry.labels.get(limits.required_label)
        raise _RefusedError(Reason.MISSING_LABEL, f"{limits.required_label} is {value}")
    if len(entry.name) > MAX_NAME:
        message = f"its identifier has {len(entry.name)} characters, more than {MAX_NAME}"
        raise _RefusedError(Reason.UNREADABLE, message)
    if len(entry.text) > limits.max_text_mb * 1e6:
        size = (
            f"its text has {len(entry.text)} characters, more than {limits.max_text_mb:g} million"
        )
        message = f"{size}; leave out what is no structure, or raise structures: max_text_mb"
        raise _RefusedError(Reason.UNREADABLE, message)

    structure, stated = _READERS[entry.format](entry.text, limits.max_sites)
    lattice = np.array(structure.lattice.matrix, dtype=np.float64)
    coords = np.array(structure.frac_coords, dtype=np.float64)
    _check_sites(len(structure), limits.max_sites)
    volume = _finite_volume(lattice, coords)
    elements = [_element(i, site.species) for i, site in enumerate(structure)]
    coords -= np.floor(coords)
    _check_distances(lattice, coords, elements)
    counts = Counter(element.symbol for element in elements)
    unread = _check_formula(entry.formula or stated, counts)
    numbers = np.array([element.Z for element in elements], dtype=np.int16)
    return Crystal(
        name=bounded(entry.name, MAX_NAME),
        formula_reduced=Composition(counts).reduced_formula,
        elements=tuple(sorted(counts)),
        space_group=_space_group(lattice, coords, numbers),
        volume=volume,
        lattice=lattice,
        atomic_numbers=numbers,
        frac_coords=coords,
        labels=labels,
        formula_unread=unread,
    )


def _finite(value: object) -> bool:
    return isinstance(value, Real) and math.isfinite(value)


def _check_sites(n_sites: int, max_sites: int) -> None:
    if n_sites == 0:
        raise _RefusedError(Reason.NO_SITES, "the structure has no sites")
    if n_sites > max_sites:
        raise _RefusedError(Reason.TOO_MANY_SITES, f"{n_sites} sites, more than {max_sites}")


def _finite_volume(lattice: Floats, coords: Floats) -> float:
    if not np.isfinite(lattice).all() or not np.isfinite(coords).all():
        raise _RefusedError(Reason.UNREADABLE, "lattice or coordinates are not finite")
    if (farthest := abs(coords).max()) > MAX_COORDINATE:
        raise _RefusedError(Reason.UNREADABLE, f"a fractional coordinate is {farthest:g}")
    longest = abs(lattice).max()
    if longest > MAX_LENGTH:
        raise _RefusedError(Reason.UNREADABLE, f"a lattice vector reaches {longest:g} Å")
    volume = float(abs(np.linalg.det(lattice)))
    if not volume > MIN_VOLUME:
        raise _RefusedError(Reason.UNREADABLE, f"the volume of the cell is {volume:g} Å³")
    return volume


def _element(index: int, species: Composition) -> Element:
    if len(species) != 1 or abs(species.num_atoms - 1) > OCCUPANCY_TOLERANCE:
        raise _RefusedError(Reason.DISORDERED, f"site {index} holds {species}")
    only = next(iter(species))
    element = formula.element(only)
    if element is None or element.Z > MAX_ATOMIC_NUMBER:
        raise _RefusedError(Reason.UNSUPPORTED_ELEMENT, f"site {index} holds {only}")
    return element


def _check_distances(lattice: Floats, coords: Floats, elements: Sequence[Element]) -> None:
    reduced = Lattice(lattice).get_lll_reduced_lattice()
    # Distance of a site to its own images: short sums of reduced vectors hold the shortest vector.
    images = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3), axis=-1).reshape(-1, 3)
    own = np.linalg.norm(images[images.any(axis=1)] @ reduced.matrix, axis=1).min()
    if own < MIN_DISTANCE:
        raise _RefusedError(Reason.OVERLAPPING_SITES, f"a lattice vector is {own:.3f} Å long")
    distances = Lattice(lattice).get_all_distances(coords, coords)
    np.fill_diagonal(distances, math.inf)
    i, j = divmod(int(np.argmin(distances)), len(distances))
    if distances[i, j] < MIN_DISTANCE:
        raise _RefusedError(
            Reason.OVERLAPPING_SITES,
            f"sites {i} ({elements[i]}) and {j} ({elements[j]}) are {distances[i, j]:.3f} Å apart",
        )


def _check_formula(stated: str | None, counts: Mapping[str, int]) -> bool:
    """Refuse a structure that disagrees; return whether the formula could not be read."""
    if stated is None or not stated.strip(" ?.'\""):
        return False
    readings = formula.readings(stated)
    if readings and not any(formula.agrees(reading, counts) for reading in readings):
        raise _RefusedError(
            Reason.COMPOSITION_MISMATCH,
            f"the stated formula is {stated}, the sites are {Composition(counts).formula}",
        )
    return not readings


def _space_group(lattice: Floats, coords: Floats, numbers: npt.NDArray[np.int16]) -> int:
    cell = (lattice.tolist(), coords.tolist(), numbers.tolist())
    try:
        dataset = spglib.get_symmetry_dataset(cell, symprec=SYMPREC)
    except spglib.SpglibError:  # as where it returns None: no symmetry beyond P1 was found
        return 1
    return 1 if dataset is None else int(dataset.number)


def _read_cif(text: str, max_sites: int) -> tuple[Structure, str | None]:
    """Read the first data block with sites, and the formula it states."""
    text = re.sub(r"\r\n?", "\n", text)  # else a comment of pymatgen's reader goes on behind \r
    blocks = re.split(r"^(?=[ \t]*data_)", text, flags=re.MULTILINE | re.IGNORECASE)
    blocks = [block for block in blocks if block.lstrip()[:5].lower() == "data_"]
    if not blocks:
        raise _RefusedError(Reason.UNREADABLE, "no data block in the CIF")
    with_sites = [block for block in blocks if "_atom_site_fract_x" in block]
    if not with_sites:
        raise _RefusedError(Reason.NO_SITES, "no fractional coordinates in the CIF")
    parser = CifParser.from_str(
        with_sites[0],
        occupancy_tolerance=1 + OCCUPANCY_TOLERANCE,
        site_tolerance=SITE_TOLERANCE,
        check_cif=False,  # the stated formula is compared for every format alike
    )
    [(header, data)] = parser.as_dict().items()
    if not data.get("_atom_site_fract_x"):
        raise _RefusedError(Reason.NO_SITES, "the atom sites of the CIF have no rows")
    _check_sites(_count_cif_sites(parser, CifBlock(data, [], header)), max_sites)
    structure = parser.parse_structures(primitive=False, on_error="raise")[0]
    _check_hydrogens(parser, structure)
    stated = data.get("_chemical_formula_sum")
    return structure, stated if isinstance(stated, str) else None


def _count_cif_sites(parser: CifParser, block: CifBlock) -> int:
    """Count the sites that symmetry makes of the rows of a CIF.

    The parser needs a time quadratic in this number with a large constant; here a tree counts them,
    and rows beyond any limit need not be expanded at all. 1 where a row cannot be read, so that
    the parser itself says why.
    """
    try:
        rows = np.array(
            [
                [float(re.sub(r"\(.*", "", x)) for x in block[f"_atom_site_fract_{axis}"]]
                for axis in "xyz"
            ]
        ).T
    except (KeyError, ValueError):
        return 1
    if not np.isfinite(rows).all():
        return 1
    operations = [op.affine_matrix for op in parser.get_symops(block)]
    if len(rows) * len(operations) <= 1000:  # the parser is quick
        return 1
    rows = _distinct(rows)
    affine = np.array(operations)
    if len(rows) * len(operations) > 500_000:
        return len(rows)
    expanded = np.einsum("oij,nj->noi", affine[:, :3, :3], rows) + affine[:, :3, 3]
    return len(_distinct(expanded.reshape(-1, 3)))


def _distinct(coords: Floats) -> Floats:
    """Return one of every cluster of fractional coordinates equal within the tolerance."""
    coords = np.unique(coords.round(6) % 1, axis=0)
    tree = cKDTree(coords, boxsize=1)
    pairs = tree.query_pairs(SITE_TOLERANCE, p=np.inf, output_type="ndarray")
    return np.delete(coords, pairs[:, 1], axis=0)


def _check_hydrogens(parser: CifParser, structure: Structure) -> None:
    """Refuse structures whose sites the parser knows to be incomplete."""
    said: list[str] = cast(Any, parser).warnings  # set by the parser without declaring it
    if "implicit_hydrogens" in structure.site_properties or any(
        "implicit hydrogens" in warning for warning in said
    ):
        raise _RefusedError(
            Reason.COMPOSITION_MISMATCH, "the CIF states hydrogens without giving their sites"
        )
    # The parser skips rows whose label names no element (as OH1) and says "OH1 parsed as ".
    if skipped := [w for w in said if w.endswith(" parsed as ")]:
        raise _RefusedError(
            Reason.COMPOSITION_MISMATCH, f"no element in the site {skipped[0].split()[0]}"
        )


def _read_poscar(text: str, max_sites: int) -> tuple[Structure, str | None]:
    # Counts are checked before the parser makes lists of that many symbols.
    for line in text.split("\n", 40)[5:40]:
        words = line.split()
        if words and all(word.isdecimal() for word in words):
            _check_sites(sum(map(int, words)), max_sites)
            break
    with warnings.catch_warnings():
        # Without symbols the parser would call the species H, He, Li, …
        warnings.filterwarnings("error", message=".*false names.*")
        return Poscar.from_str(text, read_velocities=False).structure, None


def _read_structure_dict(text: str, max_sites: int) -> tuple[Structure, str | None]:
    """Build the structure from the lattice and the sites alone.

    pymatgen's own reader would also revive site properties, which imports whatever module the text
    names.
    """
    stored = _literal(text)
    if not isinstance(stored, dict) or not isinstance(stored.get("sites"), list):
        raise _RefusedError(Reason.UNREADABLE, "not a dictionary with a list of sites")
    sites = stored["sites"]
    _check_sites(len(sites), max_sites)
    lattice = Lattice.from_dict(stored["lattice"])
    species = [_species(site["species"]) for site in sites]
    return Structure(lattice, species, [site["abc"] for site in sites]), None


def _species(stored: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    amounts: dict[str, float] = {}
    for one in stored:
        symbol = str(one["element"])
        amounts[symbol] = amounts.get(symbol, 0.0) + float(one["occu"])
    return amounts


def _literal(text: str) -> Any:
    """Read a JSON text or a Python literal."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    # Ten times quicker than the Python parser, and exact: without double quotes and backslashes
    # every single quote delimits a string.
    if '"' not in text and "\\" not in text:
        try:
            return json.loads(text.replace("'", '"'))
        except ValueError:
            pass
    return python_literal(text, MAX_LITERAL)


_READERS = {"cif": _read_cif, "poscar": _read_poscar, "structure_dict": _read_structure_dict}
