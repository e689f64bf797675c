"""Which fields are trained on and which are held out.

Folds whose training part has fewer than two fields of a class, so that it could not be divided
again, are passed over.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from unlabelled import seeds
from unlabelled.errors import UserError
from unlabelled.phase_field.fields import ELEMENTS, Ids, key, multi_hot
from unlabelled.phase_field.prediction import Fields, Flags, FoldNumbers, Rows


class Fold(NamedTuple):
    """A division of the fields.

    Attributes
    ----------
    repeat
        Partition that the fold is part of.
    fold
        Number within the partition.
    held_out
        Element or pair of elements held out; empty if fields were.
    train, test
        Rows of the fields trained on and held out.
    """

    repeat: int
    fold: int
    held_out: str
    train: Rows
    test: Rows


#: Repeat, fold, and what is held out, where all fields are trained on.
WHOLE = (0, 0, "")


def random_folds(above: Flags, n_folds: int, repeats: int, seed: int) -> list[Fold]:
    """Divide the fields at random, in equal shares of either class.

    This tests interpolation: nearly every field held out has a neighbour one element away among
    those trained on.

    Parameters
    ----------
    above
        (n,) whether fields are above the threshold.
    n_folds
        Folds of a partition.
    repeats
        Partitions; one more changes none of the others.
    seed
        The seed of the configuration.

    Raises
    ------
    UserError
        If there are fewer fields than folds, fewer than two folds, or too few fields of a class.
    """
    _check(len(above), n_folds)
    folds = []
    for repeat in range(repeats):
        random = seeds.generator(seed, "phase_field", "random folds", n_folds, repeat)
        dealt = _dealt(above, n_folds, random)
        folds += [_fold(dealt == fold, repeat, fold) for fold in range(n_folds)]
    return _usable(folds, above)


def published_folds(n: int, n_folds: int) -> list[Fold]:
    """Cut the table into runs of rows, as the authors do (KFold without shuffling).

    Where the table is ordered by source, as that of the superconductors, the last fold tests how a
    model carries over to another source; the others test interpolation. Classes are not looked at.

    Parameters
    ----------
    n
        Number of fields, in the order of the table.
    n_folds
        Number of runs; the first ones have one field more if the fields cannot be shared evenly.

    Raises
    ------
    UserError
        If there are fewer fields than folds, or fewer than two folds.
    """
    _check(n, n_folds)
    sizes = np.full(n_folds, n // n_folds)
    sizes[: n % n_folds] += 1
    of_rows = np.repeat(np.arange(n_folds), sizes)
    return [_fold(of_rows == fold, 0, fold) for fold in range(n_folds)]


def element_folds(
    ids: Ids, above: Flags, n_elements: int | None, seed: int, smallest: int
) -> list[Fold]:
    """Leave out one element at a time: test all fields that have it, train on all others.

    This tests extrapolation to an element that the model knows from its properties alone.

    Parameters
    ----------
    ids
        (n, slots) elements of the fields.
    above
        (n,) whether fields are above the threshold.
    n_elements
        At most so many elements, drawn at random; one more changes none of the others. None: all.
    seed
        The seed of the configuration.
    smallest
        Fewest fields that an element must have; both classes must be among them.

    Raises
    ------
    UserError
        If no element will do.
    """
    flags = multi_hot(ids)
    counts = flags.sum(axis=0)
    n_above = (flags & above[:, None]).sum(axis=0)
    candidates = np.flatnonzero((counts >= smallest) & (n_above > 0) & (n_above < counts))
    random = seeds.generator(seed, "phase_field", "element folds")
    # all are drawn for, so that the order does not depend on which of them will do
    drawn = [number for number in random.permutation(len(ELEMENTS)) if number in candidates]
    folds = [
        _fold(flags[:, number], 0, fold, ELEMENTS[number])
        for fold, number in enumerate(drawn[:n_elements])
    ]
    return _usable(
        folds,
        above,
        f"no element has {smallest} fields or more on both sides of the threshold; the most "
        f"frequent one, {ELEMENTS[counts.argmax()]}, has {counts.max()}, "
        f"{n_above[counts.argmax()]} of them above it",
    )


def core_folds(ids: Ids, above: Flags, n_folds: int, smallest: int, seed: int) -> list[Fold]:
    """Leave out one pair of elements at a time: test all fields that have both of them.

    This tests extrapolation to a chemistry, say the cuprates (Cu O), whose elements the model has
    seen, but never together: neither the nested fields Cu O, Ba Cu O and Ba Cu O Y nor fields one
    element away that share the pair are on both sides.

    Parameters
    ----------
    ids
        (n, slots) elements of the fields.
    above
        (n,) whether fields are above the threshold.
    n_folds
        At most so many pairs, drawn at random; one more changes none of the others.
    smallest
        Fewest fields that a pair must have; both classes must be among them.
    seed
        The seed of the configuration.

    Raises
    ------
    UserError
        If no pair will do.
    """
    flags = multi_hot(ids)
    of_all, of_above = (rows.astype(np.float64) for rows in (flags, flags[above]))
    first, second = np.triu_indices(len(ELEMENTS), 1)
    counts = (of_all.T @ of_all)[first, second].astype(int)
    n_above = (of_above.T @ of_above)[first, second].astype(int)
    will_do = (counts >= smallest) & (n_above > 0) & (n_above < counts)
    random = seeds.generator(seed, "phase_field", "core folds")
    drawn = random.permutation(len(counts))
    pairs = [(first[pair], second[pair]) for pair in drawn[will_do[drawn]][:n_folds]]
    folds = [
        _fold(flags[:, one] & flags[:, other], 0, fold, key((ELEMENTS[one], ELEMENTS[other])))
        for fold, (one, other) in enumerate(pairs)
    ]
    most = counts.argmax()
    return _usable(
        folds,
        above,
        f"no pair of elements has {smallest} fields or more on both sides of the threshold; the "
        f"most frequent one, {key((ELEMENTS[first[most]], ELEMENTS[second[most]]))}, has "
        f"{counts[most]}, {n_above[most]} of them above it",
    )


def of_split(settings: Mapping[str, Any], fields: Fields, seed: int) -> list[Fold]:
    """Divide fields as the settings of a split say.

    Parameters
    ----------
    settings
        ``by``: field, order, element or pair; ``folds``, ``repeats``, ``smallest``.
    fields
        Fields of the property.
    seed
        The seed of the configuration.
    """
    number, smallest = settings["folds"], settings["smallest"]
    match settings["by"]:
        case "field":
            return random_folds(fields.above, number, settings["repeats"], seed)
        case "order":
            return published_folds(len(fields.value), number)
        case "element":
            return element_folds(fields.ids, fields.above, number, seed, smallest)
        case _:
            return core_folds(fields.ids, fields.above, number, smallest, seed)


def inner_folds(above: Flags, n_folds: int, seed: int) -> FoldNumbers:
    """Divide a training part at random, in equal shares of either class.

    Parameters
    ----------
    above
        (n,) whether fields are above the threshold.
    n_folds
        Number of folds.
    seed
        Of this division.

    Returns
    -------
    numpy.ndarray
        (n,) int8, fold of every field.

    Raises
    ------
    UserError
        If there are fewer fields than folds, fewer than two folds, or fewer than two fields of a
        class: without one of them, the class would not be trained on.
    """
    _check(len(above), n_folds)
    if not _divisible(above):
        raise UserError(f"{_sides(above)}: too few on one side to divide them")
    return _dealt(above, n_folds, seeds.generator(seed, "phase_field", "inner folds", n_folds))


def _dealt(above: Flags, n_folds: int, random: np.random.Generator) -> FoldNumbers:
    """Deal fields in random order to folds, one class after the other, (n,)."""
    order = random.permutation(len(above))
    order = order[np.argsort(above[order], kind="stable")]
    dealt = np.empty(len(above), np.int8)
    dealt[order] = np.arange(len(above)) % n_folds
    return dealt


def _fold(tested: Flags, repeat: int, number: int, held_out: str = "") -> Fold:
    return Fold(repeat, number, held_out, np.flatnonzero(~tested), np.flatnonzero(tested))


def _usable(folds: list[Fold], above: Flags, reason: str = "") -> list[Fold]:
    usable = [fold for fold in folds if _divisible(above[fold.train])]
    if not usable:
        raise UserError(reason or f"{_sides(above)}: no part to train on has two on either side")
    return usable


def _divisible(above: Flags) -> bool:
    return bool(2 <= np.count_nonzero(above) <= len(above) - 2)


def _sides(above: Flags) -> str:
    return f"{above.sum()} of {len(above)} fields are above the threshold"


def _check(n: int, n_folds: int) -> None:
    if not 2 <= n_folds <= n:
        raise UserError(
            f"{n} fields cannot be divided into {n_folds} folds; set from 2 to {n} of them"
        )
