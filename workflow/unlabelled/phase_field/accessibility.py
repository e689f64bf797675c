"""How much a set of elements resembles the sets that are reported.

All models are functions that are fitted to reported fields and return a score of fields, the higher
the more a field resembles reported ones. They are means over the elements of a field, in units of
log probability, so that a field does not lose by having many; yet the more elements are known, the
easier the next is to guess, so scores of large fields are higher. :func:`standing` compares fields
with reported ones of the same size alone.

``frequency``
    How often the elements occur, whatever with.
``pairs``
    That, and how often two of them occur together beyond chance.

A network that guesses each element from the others is in :mod:`unlabelled.phase_field.masked`.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from unlabelled import seeds
from unlabelled.errors import UserError
from unlabelled.phase_field.fields import PADDING, Ids, multi_hot

_UNSEEN = 0.5  # added to counts of elements
_CHANCE = 2.0  # pairs by chance added to what was found and to what chance lets expect
_HELD_OUT = 0.2  # share of the fields of a size
SMALLEST, LARGEST = 2, 8  # fields that are held out

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Sizes = npt.NDArray[np.int64]
Score = Callable[[Ids], Floats]
"""Fields (n, slots) to scores (n,)."""
Fit = Callable[[Ids], Score]
"""Reported fields (n, slots) to a score."""


def frequency(reported: Ids) -> Score:
    """Fit the mean log frequency of the elements of a field.

    Parameters
    ----------
    reported
        (n, slots) reported fields.

    Returns
    -------
    callable
        Score of fields.

    Raises
    ------
    UserError
        If there are no reported fields, or one has no element; so do all models.
    """
    logs = _log_frequencies(_flags(reported))

    def score(fields: Ids) -> Floats:
        return _mean(_flags(fields), logs)

    return score


def pairs(reported: Ids) -> Score:
    """Fit the mean over elements of log p(element), plus what each of the others adds to it.

    Another element adds their pointwise mutual information, the logarithm of how many times more
    often than by chance they occur together; rare pairs are drawn towards chance. That is
    log p(element | others) if the others did not depend on each other.
    """
    flags = _flags(reported)
    logs = _log_frequencies(flags)
    together = flags.T @ flags
    np.fill_diagonal(together, 0)
    shares = np.exp(logs)
    chance = np.outer(shares, shares)
    np.fill_diagonal(chance, 0)
    chance *= together.sum() / chance.sum()
    information = np.log((together + _CHANCE) / (chance + _CHANCE))

    def score(fields: Ids) -> Floats:
        present = _flags(fields)
        sizes = present.sum(axis=1)
        # the diagonal is zero, and every pair is met twice
        total = ((present @ information) * present).sum(axis=1)
        scores: Floats = _mean(present, logs) + total / sizes
        return scores

    return score


def standing(scores: Floats, sizes: Sizes, reference: Floats, reference_sizes: Sizes) -> Floats:
    """Return the share of reported fields of the same size that score lower, from 0 to 1.

    Parameters
    ----------
    scores, sizes
        (n,) scores of fields, and their numbers of elements.
    reference, reference_sizes
        (r,) those of reported fields. Their scores should come from a model that was not fitted to
        them, since it is better at fields that it knows.

    Returns
    -------
    numpy.ndarray
        (n,), ties counted half.

    Raises
    ------
    UserError
        If there is no reported field of a size.
    """
    shares = np.empty(len(scores))
    for size in np.unique(sizes):
        known = np.sort(reference[reference_sizes == size])
        if not len(known):
            raise UserError(f"no reported field has {size} elements to compare others with")
        rows = sizes == size
        below = np.searchsorted(known, scores[rows], side="left")
        not_above = np.searchsorted(known, scores[rows], side="right")
        shares[rows] = (below + not_above) / (2 * len(known))
    return shares


def hold_out(sizes: npt.NDArray[np.int64], seed: int) -> Flags:
    """Choose the fields to hold out: of each size from 2 to 8 a fifth.

    Parameters
    ----------
    sizes
        (n,) numbers of elements.
    seed
        Of the choice.

    Returns
    -------
    numpy.ndarray
        (n,).
    """
    held_out = np.zeros(len(sizes), bool)
    for size in range(SMALLEST, LARGEST + 1):
        rows = np.flatnonzero(sizes == size)
        chosen = seeds.generator(seed, "hold_out", size).permutation(rows)
        held_out[chosen[: round(_HELD_OUT * len(rows))]] = True
    return held_out


def accessibilities(fit: Fit, reported: Ids, fields: Ids, seed: int) -> tuple[Floats, Floats]:
    """Return score and accessibility of fields.

    The score is fitted to four fifths of the reported fields; the accessibility of a field is the
    share of the others, of its size, that score lower.

    Parameters
    ----------
    fit
        The score.
    reported
        (n, slots) reported fields.
    fields
        (m, slots) fields of which it is asked.
    seed
        Of the choice of the fields held out.

    Returns
    -------
    score, accessibility
        (m,) each.

    Raises
    ------
    UserError
        If no field of a size was held out.
    """
    sizes = (reported != PADDING).sum(axis=1)
    held_out = hold_out(sizes, seed)
    model = fit(reported[~held_out])
    score = model(fields)
    of_size = (fields != PADDING).sum(axis=1)
    compared = held_out & np.isin(sizes, of_size)
    return score, standing(score, of_size, model(reported[compared]), sizes[compared])


def present(fields: Ids) -> npt.NDArray[np.bool_]:
    """Return which elements fields have, (n, 87).

    Raises
    ------
    UserError
        If there are no fields, or one has no element.
    """
    if not len(fields):
        raise UserError("there are no fields; name a collection that reports some")
    empty = np.flatnonzero((fields == PADDING).all(axis=1))
    if len(empty):
        raise UserError(f"field {empty[0]} has no elements; take it out of the table")
    return multi_hot(fields)


def _flags(fields: Ids) -> Floats:
    return present(fields).astype(float)


def _log_frequencies(flags: Floats) -> Floats:
    """Log share of each element among all elements of fields, (87,)."""
    counts = flags.sum(axis=0) + _UNSEEN
    logs: Floats = np.log(counts / counts.sum())
    return logs


def _mean(flags: Floats, of_elements: Floats) -> Floats:
    """Mean over the elements of fields, (n,)."""
    mean: Floats = flags @ of_elements / flags.sum(axis=1)
    return mean
