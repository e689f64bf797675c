"""The environments in which elements occur: which compositions they form, and with what.

In Li2S the element Li has the environment {S: 1/3; own 2/3}: the fractions of the other elements,
and its own. Two elements resemble each other if they share environments, as Li and Na do in Li2S
and Na2S. After Zhou et al., PNAS 115, E6411 (2018), as in the study's MatParser; equal compositions
count once.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from scipy import sparse

from unlabelled import tables
from unlabelled.composition.representations import Compositions, of_table
from unlabelled.errors import UserError
from unlabelled.phase_field import property_table
from unlabelled.phase_field.fields import ATOMIC_NUMBERS, ELEMENTS
from unlabelled.sources.elements import N_ELEMENTS
from unlabelled.structures.schema import REJECTS
from unlabelled.tables import field

STAGE = "environments"

_DECIMALS = 10  # of fractions that are equal: far above rounding, far below one atom in a cell

SCHEMA = pa.schema(
    [
        field("element", pa.string(), "an element"),
        field("environment", pa.int32(), "number of an environment in which it occurs, from 0"),
    ]
)


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Environments:
    """Which element occurs in which environment.

    Attributes
    ----------
    matrix
        (87, n_environments) of ones, float64; rows in the order of
        :data:`~unlabelled.phase_field.fields.ELEMENTS`.
    n_pairs
        Pairs of a row of the sources and an element of its composition. The study's matrix has a
        column for each of them, all but the first of an environment empty.
    """

    matrix: sparse.csr_array
    n_pairs: int


def environments(
    compositions: Compositions, n_rows: npt.NDArray[np.int_], max_elements: int
) -> Environments:
    """Find the environments of elements.

    Parameters
    ----------
    compositions
        Compositions of the 87 elements; those of one element or of more than `max_elements` are
        passed over.
    n_rows
        How often every composition occurs in the sources, (n,).
    max_elements
        Largest number of elements; 3 in the study.

    Returns
    -------
    Environments
        Every environment once.

    Raises
    ------
    UserError
        If no composition is left.
    """
    places = np.full(N_ELEMENTS + 1, -1)
    places[ATOMIC_NUMBERS] = np.arange(len(ELEMENTS))
    few = (compositions.counts >= 2) & (compositions.counts <= max_elements)
    used = compositions.rows(few)
    if not len(used.counts):
        raise UserError(
            f"no composition has 2 to {max_elements} elements; name other collections under "
            "phase_fields.environments"
        )
    elements = places[used.numbers]
    fractions = np.round(used.fractions(), _DECIMALS)
    # by element, so that the others of every term come in one order
    order = np.lexsort([elements, used.owners])
    elements, fractions = elements[order], fractions[order]
    shares, own = np.unique(fractions, return_inverse=True)
    terms = elements * len(shares) + own
    nothing = len(ELEMENTS) * len(shares)
    starts, sizes = used.offsets[:-1][used.owners], used.counts[used.owners]
    place = np.arange(len(terms)) - starts
    code = own
    for step in range(max_elements - 1):
        other = step + (step >= place)
        term = np.where(other < sizes, terms[(starts + other) % len(terms)], nothing)
        # renumbered at every step, so that numbers stay small
        code = np.unique(code * (nothing + 1) + term, return_inverse=True)[1]
    ones = sparse.coo_array((np.ones(len(code)), (elements, code)), (len(ELEMENTS), code.max() + 1))
    matrix = ones.tocsr()
    matrix.data[:] = 1  # an element of several equal compositions was added up
    return Environments(matrix, int(used.counts @ n_rows[few]))


def gather(paths: Sequence[str | Path], max_elements: int) -> tuple[Environments, pd.DataFrame]:
    """Find the environments in which elements occur in collections.

    Parameters
    ----------
    paths
        Compositions tables.
    max_elements
        As of :func:`environments`.

    Returns
    -------
    found
        The environments.
    rejected
        Columns of :data:`~unlabelled.structures.schema.REJECTS`: compositions with an element that
        is not among the 87.
    """
    columns = ["entry", "source", "atomic_numbers", "amounts", "n_rows"]
    frame = pd.concat([tables.read(path, columns) for path in paths], ignore_index=True)
    fields, rejected = property_table.of_compositions(frame, STAGE)
    kept = frame[fields.notna()]
    found = environments(of_table(kept), kept["n_rows"].to_numpy(), max_elements)
    log.info(
        "%d environments, %d ones, of %d pairs; %d compositions rejected",
        *(found.matrix.shape[1], found.matrix.nnz, found.n_pairs, len(rejected)),
    )
    return found, rejected


def write(
    paths: Sequence[str | Path],
    max_elements: int,
    destination: str | Path,
    rejected: str | Path,
    provenance: Mapping[str, Any],
) -> None:
    """Write environments as a table of their ones, and the rejects; see :func:`gather`."""
    found, refused = gather(paths, max_elements)
    ones = found.matrix.tocoo()
    rows = pd.DataFrame(
        {"element": np.array(ELEMENTS)[ones.row], "environment": ones.col.astype(np.int32)}
    )
    tables.write(rows, destination, SCHEMA, {**provenance, "pairs": found.n_pairs})
    tables.write(refused, rejected, REJECTS, provenance)


def read(path: str | Path) -> Environments:
    """Read environments that :func:`write` wrote."""
    rows = tables.read(path)
    numbers = pd.Index(ELEMENTS).get_indexer(pd.Index(rows["element"]))
    columns = rows["environment"].to_numpy()
    shape = (len(ELEMENTS), int(columns.max()) + 1)
    ones = sparse.coo_array((np.ones(len(rows)), (numbers, columns)), shape)
    return Environments(ones.tocsr(), tables.provenance(path)["pairs"])
