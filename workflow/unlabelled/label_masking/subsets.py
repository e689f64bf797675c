"""The few training crystals whose labels are shown."""

import hashlib
from collections.abc import Iterable, Sequence

from unlabelled import seeds
from unlabelled.errors import UserError


def subset(
    material_ids: Sequence[str], n_labels: int, draw: int, *, seed: int, task: str
) -> list[str]:
    """Draw the crystals that keep their label.

    Every draw has a generator of its own, so the encoder does not enter (all arms see the same
    labels) and adding a draw or a number of labels changes no other subset.

    Parameters
    ----------
    material_ids
        Crystals of the train part that have a label, in any order, each once.
    n_labels
        Crystals to draw, without replacement.
    draw
        Which random subset.
    seed
        The seed of the configuration.
    task
        Name of the task in the configuration.

    Returns
    -------
    list of str
        Exactly `n_labels` identifiers, sorted.

    Raises
    ------
    UserError
        If fewer than `n_labels` crystals are available.
    ValueError
        If an identifier stands twice or `n_labels` is not positive.
    """
    available = sorted(material_ids)
    if len(set(available)) != len(available):
        raise ValueError(f"task {task!r}: identifiers of the train part are not unique")
    if n_labels < 1:
        raise ValueError(f"task {task!r}: n_labels must be positive, not {n_labels}")
    if len(available) < n_labels:
        raise UserError(
            f"task {task!r} asks for {n_labels} labels, but only {len(available)} training "
            "crystals have one: remove this number of labels from the task, or add labelled "
            "crystals to its dataset"
        )
    generator = seeds.generator(seed, "label_masking", task, n_labels, draw)
    chosen = generator.choice(len(available), size=n_labels, replace=False)
    return [available[i] for i in sorted(chosen)]


def digest(material_ids: Iterable[str]) -> str:
    """Return the SHA-256 of a set of identifiers in hexadecimal digits; order does not matter."""
    return hashlib.sha256("\0".join(sorted(material_ids)).encode()).hexdigest()
