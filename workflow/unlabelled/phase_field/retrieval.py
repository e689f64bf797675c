"""Whether a score of accessibility finds reported fields that it has not seen.

Some reported fields are held out, the score is fitted to the others, and the held-out ones are
mixed, size by size, with as many fields that nobody reported: drawn at random (``uniform``), or
such that elements are as frequent as in reported fields (``frequency``), so that only their
combinations can tell. An unreported field may yet be accessible, so that no score can be perfect.
"""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from unlabelled import seeds, tables
from unlabelled.errors import UserError
from unlabelled.phase_field.accessibility import LARGEST, SMALLEST, Fit, hold_out, standing
from unlabelled.phase_field.candidates import ALPHABET, Codes, codes
from unlabelled.phase_field.fields import ELEMENTS, PADDING, Ids, ids, multi_hot
from unlabelled.phase_field.novelty import normalised
from unlabelled.tables import field

Kind = Literal["uniform", "frequency"]
KINDS: tuple[Kind, ...] = ("uniform", "frequency")

_TOP = (0.01, 0.05, 0.1)  # shares of the list of which the enrichment is taken
METRICS = ("auc", *(f"enrichment_{100 * share:.0f}" for share in _TOP))
_DRAWS = 200  # of the bootstrap
_LEVEL = 0.95
_BLOCK = 4096  # negatives that are tried at once
_BLOCKS = 2000  # before giving up

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SCHEMA = pa.schema(
    [
        field("scorer", pa.string(), "name of the score"),
        field("negatives", pa.string(), "kind of the unreported fields"),
        field("n_elements", pa.int8(), "size of the fields; 0: all sizes"),
        field("metric", pa.string(), "auc, or enrichment_ and per cent of the list"),
        field("value", pa.float64(), "of the metric"),
        field("low", pa.float64(), "lower end of its 95 % interval, over resampled fields"),
        field("high", pa.float64(), "upper end"),
        field("n", pa.int32(), "fields held out, and as many unreported ones"),
    ]
)

log = logging.getLogger(__name__)


def negatives(kind: Kind, like: Ids, fitted: Ids, known: Collection[str], seed: int) -> Ids:
    """Draw fields that nobody has reported, of each size as many as in another list.

    Every element is in a field or not, by a probability of its own, and a field counts if it has
    the right size and is not reported. The probabilities are equal, or the shares of fields of this
    size that have the element. A field may be drawn more than once: hardly any pair of elements is
    unreported.

    Parameters
    ----------
    kind
        Which probabilities.
    like
        (n, slots) fields whose sizes are taken.
    fitted
        (m, slots) reported fields whose elements are counted.
    known
        Names of all reported fields.
    seed
        Of the draws.

    Returns
    -------
    numpy.ndarray
        (n, slots), in order of size.

    Raises
    ------
    UserError
        If next to all fields of a size are reported.
    """
    sizes, counts = np.unique((like != PADDING).sum(axis=1), return_counts=True)
    flags = multi_hot(fitted)
    drawn = []
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        shares = np.full(len(ELEMENTS), size / len(ELEMENTS))
        if kind == "frequency":
            shares = flags[flags.sum(axis=1) == size].mean(axis=0)
        reported = codes(ids([name for name in known if name.count(" ") == size - 1], size))
        random = seeds.generator(seed, "negatives", kind, size)
        found = np.concatenate(list(_unreported(shares, size, count, reported, random)))[:count]
        empty = np.full((count, like.shape[1] - size), PADDING, np.int8)
        drawn.append(np.hstack([found, empty]))
    return np.concatenate(drawn)


def _unreported(
    shares: Floats, size: int, count: int, reported: Codes, random: np.random.Generator
) -> Iterator[Ids]:
    """Yield blocks of unreported fields of a size, in alphabetical order, until enough."""
    found = 0
    for _ in range(_BLOCKS):
        flags = random.random((_BLOCK, len(ELEMENTS))) < shares[ALPHABET]
        flags = flags[flags.sum(axis=1) == size]
        fields = ALPHABET[np.nonzero(flags)[1].reshape(-1, size)]
        fields = fields[~np.isin(codes(fields), reported)]
        found += len(fields)
        yield fields
        if found >= count:
            return
    raise UserError(
        f"next to all fields of {size} elements are reported: only {found} of {count} unreported "
        "ones were drawn; leave out collections"
    )


def measures(held_out: Floats, unreported: Floats, seed: int) -> dict[str, tuple[float, ...]]:
    """Measure how well scores tell held-out fields from unreported ones.

    Parameters
    ----------
    held_out, unreported
        Scores, (n,) and (m,).
    seed
        Of the resampled fields.

    Returns
    -------
    dict
        Value, and the ends of its interval, by metric. ``auc``: the probability that a held-out
        field scores higher than an unreported one, equal scores counted half. ``enrichment_5``: the
        share of held-out fields that are in the top 5 % of all, over the 5 % expected at random, in
        whatever order equal scores come; at most 2 among equal numbers of both.
    """
    places = np.unique(np.r_[held_out, unreported], return_inverse=True)[1]
    n, m, n_places = len(held_out), len(unreported), places.max() + 1
    random = seeds.generator(seed, "bootstrap")

    def of(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> list[float]:
        """Metrics of places in the order of all scores."""
        return _metrics(
            np.bincount(first, minlength=n_places), np.bincount(second, minlength=n_places)
        )

    values = of(places[:n], places[n:])
    drawn = [
        of(places[random.integers(n, size=n)], places[n + random.integers(m, size=m)])
        for _ in range(_DRAWS)
    ]
    tail = (1 - _LEVEL) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    return dict(zip(METRICS, zip(values, low.tolist(), high.tolist(), strict=True), strict=True))


def _metrics(held_out: npt.NDArray[np.int64], unreported: npt.NDArray[np.int64]) -> list[float]:
    """Metrics of the numbers of fields at each score, lowest first."""
    n, m = held_out.sum(), unreported.sum()
    lower = unreported.cumsum() - unreported
    values = [float(held_out @ (lower + unreported / 2)) / (n * m)]
    # from the top: a score's fields share what is left of the top
    both = (held_out + unreported)[::-1]
    above = both.cumsum() - both
    for share in _TOP:
        taken = np.clip(share * (n + m) - above, 0, both)
        hits = np.divide(taken * held_out[::-1], both, out=np.zeros(len(both)), where=both > 0)
        values.append(float(hits.sum()) / (n * share))
    return values


def retrieval(
    reported: Sequence[str], known: Collection[str], scorers: Mapping[str, Fit], seed: int
) -> pd.DataFrame:
    """Validate scores of accessibility.

    Fields are compared within their size. For all sizes together, scores are first replaced by the
    share of the fields of the size, held out and unreported, that score lower.

    Parameters
    ----------
    reported
        Names of reported fields, of which some are held out.
    known
        Names of all fields that any collection reports; `reported` are among them in any case.
    scorers
        By name; each is fitted once.
    seed
        Of everything that is drawn here.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`SCHEMA`.

    Raises
    ------
    UserError
        If there are too few fields to hold some out, or next to all of a size are reported.
    """
    distinct = sorted(set(reported))
    # models that stop early validate on the last rows, which must not be those from Y to Zr
    order = seeds.generator(seed, "order").permutation(len(distinct))
    fields = ids(distinct)[order]
    held = hold_out((fields != PADDING).sum(axis=1), seed)
    if not held.any():
        raise UserError(
            f"{len(distinct)} reported fields are too few to hold out a fifth of those of any size "
            f"from {SMALLEST} to {LARGEST}"
        )
    fitted, held_out = fields[~held], fields[held][:, :LARGEST]
    held_out = held_out[np.argsort((held_out != PADDING).sum(axis=1), kind="stable")]
    sizes = (held_out != PADDING).sum(axis=1)
    union = set(distinct).union(known)
    drawn = {kind: negatives(kind, held_out, fitted, union, seed) for kind in KINDS}
    log.info("%d fields to fit to, %d held out", len(fitted), len(held_out))
    rows = []
    for scorer, fit in scorers.items():
        score = fit(fitted)
        of_held_out = score(held_out)
        for kind, others in drawn.items():
            both, both_sizes = np.r_[of_held_out, score(others)], np.r_[sizes, sizes]
            # within a size, so that all sizes together are not a comparison of sizes
            shares = standing(both, both_sizes, both, both_sizes)
            first, second = np.split(shares, 2)
            for size in (0, *np.unique(sizes).tolist()):
                chosen = (sizes == size) | (size == 0)  # both lists are in order of size
                found = measures(first[chosen], second[chosen], seed)
                rows += [
                    (scorer, kind, size, metric, *values, chosen.sum())
                    for metric, values in found.items()
                ]
    return pd.DataFrame(rows, columns=SCHEMA.names)


def write(
    reported: Sequence[str],
    known: Collection[str],
    scorers: Mapping[str, Fit],
    destination: str | Path,
    *,
    seed: int,
    provenance: Mapping[str, Any],
) -> None:
    """Write the validation of scores; see :func:`retrieval`."""
    tables.write(retrieval(reported, known, scorers, seed), destination, SCHEMA, provenance)


def published_check(novelty: Floats) -> float:
    """Return the study's own accuracy of its score of novelty, in per cent.

    It is 100 less the share of held-out fields whose normalised error is in the top 20 % of the
    largest. No unreported field takes part: a score passes that is the same for all fields, or that
    is very large for one of them.

    Parameters
    ----------
    novelty
        (n,) errors of held-out fields.

    Returns
    -------
    float
        From 0 to 100.
    """
    return 100 * (1 - float((normalised(novelty) > 0.8).mean()))
