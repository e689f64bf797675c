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
``masked``
    How well a network guesses each element from the others.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from unlabelled import seeds as streams
from unlabelled.errors import UserError
from unlabelled.phase_field.element_vectors import Vectors
from unlabelled.phase_field.fields import ELEMENTS, PADDING, Ids, multi_hot

_UNSEEN = 0.5  # added to counts of elements
_CHANCE = 2.0  # pairs by chance added to what was found and to what chance lets expect
_EPSILON = np.float32(1e-6)
_BLOCK = 8192  # fields that are scored at once

Floats = npt.NDArray[np.float64]
Sizes = npt.NDArray[np.int64]
Score = Callable[[Ids], Floats]
"""Fields (n, slots) to scores (n,)."""
Fit = Callable[[Ids], Score]
"""Reported fields (n, slots) to a score."""

log = logging.getLogger(__name__)


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


@dataclass(frozen=True, slots=True)
class MaskedOptions:
    """What the network that guesses elements is, and how it is trained.

    Attributes
    ----------
    width
        Of an element and of the hidden layers.
    epochs
        Passes over the fields.
    batch
        Fields per step.
    learning_rate
        Of AdamW, its highest; one cycle.
    weight_decay
        Of AdamW.
    """

    width: int = 128
    epochs: int = 20
    batch: int = 512
    learning_rate: float = 1e-2
    weight_decay: float = 0.01


class Guesser(nn.Module):
    """A network that guesses an element of a field from the others, in whatever order.

    Parameters
    ----------
    vectors
        (87, k) vectors of the elements to start from; trained on.
    options
        Its size.
    """

    def __init__(self, vectors: Vectors, options: MaskedOptions) -> None:
        super().__init__()
        # of one scale, whatever they are: what is left of small ones is not learnt in time
        deviation = np.maximum(vectors.std(axis=0), _EPSILON)
        standardised = (vectors - vectors.mean(axis=0)) / deviation
        self.vectors = nn.Parameter(torch.from_numpy(standardised))
        self.lifted = nn.Linear(vectors.shape[1], options.width)
        self.joined = nn.Linear(options.width + 1, options.width)
        self.hidden = nn.Linear(options.width, options.width)
        self.out = nn.Linear(options.width, len(ELEMENTS))

    def forward(self, flags: Tensor) -> tuple[Tensor, Tensor]:
        """Guess each element of every field from the others.

        Parameters
        ----------
        flags
            (n, 87) which elements fields have.

        Returns
        -------
        log_probabilities
            Of each element in its place, all places of a field together.
        owners
            Rows of the fields.
        """
        # what concerns one element alone is computed once for each of the 87
        elements = functional.silu(self.lifted(self.vectors))
        owners, hidden = flags.nonzero(as_tuple=True)
        # all elements but the hidden one: the sum less its own part
        others = (flags.float() @ elements)[owners] - elements[hidden]
        count = flags.sum(1, keepdim=True)[owners] - 1.0
        guesses = self.guess(others, count)
        # an element that is there already is no guess
        taken = flags[owners].scatter(1, hidden[:, None], False)
        guesses = guesses.masked_fill(taken, -torch.inf).log_softmax(1)
        return guesses.gather(1, hidden[:, None]).squeeze(1), owners

    def guess(self, others: Tensor, count: Tensor) -> Tensor:
        """Return unnormalised guesses, (m, 87), from the sums (m, width) of `count` elements."""
        scaled = others / count.clamp(min=1).sqrt()  # as large for many as for few
        joined = functional.silu(self.joined(torch.cat([scaled, torch.log1p(count)], dim=1)))
        found: Tensor = self.out(joined + functional.silu(self.hidden(joined)))
        return found


class Masked:
    """Networks that guess elements, as a score.

    Parameters
    ----------
    networks
        Trained members.
    """

    def __init__(self, networks: Sequence[Guesser]) -> None:
        self.networks = list(networks)

    def __call__(self, fields: Ids) -> Floats:
        """Return the mean over elements and members of log p(element | others), (n,)."""
        scores: Floats = self.members(fields).mean(axis=0)
        return scores

    def members(self, fields: Ids) -> Floats:
        """Return the scores of every member, (M, n)."""
        scores = np.empty((len(self.networks), len(fields)))
        with torch.inference_mode():
            for start in range(0, len(fields), _BLOCK):
                rows = slice(start, start + _BLOCK)
                flags = torch.from_numpy(_present(fields[rows]))
                sizes = flags.sum(1)
                for network, of_member in zip(self.networks, scores, strict=True):
                    logs, owners = network(flags)
                    total = torch.zeros(len(flags)).index_add(0, owners, logs)
                    of_member[rows] = (total / sizes).numpy()
        return scores


def masked(
    reported: Ids,
    vectors: Vectors,
    options: MaskedOptions,
    seeds: Sequence[int],
) -> Masked:
    """Train networks that guess a hidden element of a reported field from the others.

    Their score is a pseudo-log-likelihood per element: the mean over the elements of a field of
    log p(element | others).

    Parameters
    ----------
    reported
        (n, slots) reported fields.
    vectors
        (87, k) vectors of the elements to start from.
    options
        How to train.
    seeds
        One per member, of its weights and of the order of the fields.

    Returns
    -------
    Masked
        Score of fields.
    """
    flags = torch.from_numpy(_present(reported))
    return Masked([_train(flags, vectors, options, seed) for seed in seeds])


def _train(flags: Tensor, vectors: Vectors, options: MaskedOptions, seed: int) -> Guesser:
    """Train one member."""
    n_steps = -(-len(flags) // options.batch)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Guesser(vectors, options)
        optimiser = torch.optim.AdamW(network.parameters(), weight_decay=options.weight_decay)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, options.learning_rate, total_steps=options.epochs * n_steps, pct_start=0.1
        )
        for epoch in range(options.epochs):
            order = streams.generator(seed, "order", epoch).permutation(len(flags))
            total, count = 0.0, 0
            for chosen in torch.split(torch.from_numpy(order), options.batch):
                optimiser.zero_grad()
                logs, _ = network(flags[chosen])
                (-logs.mean()).backward()
                optimiser.step()
                schedule.step()
                total, count = total - float(logs.detach().sum()), count + len(logs)
    log.info(
        "guessing elements of %d fields: loss %.4f in the last epoch", len(flags), total / count
    )
    return network


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


def _present(fields: Ids) -> npt.NDArray[np.bool_]:
    """Which elements fields have, (n, 87); all have some."""
    if not len(fields):
        raise UserError("there are no fields; name a collection that reports some")
    empty = np.flatnonzero((fields == PADDING).all(axis=1))
    if len(empty):
        raise UserError(f"field {empty[0]} has no elements; take it out of the table")
    return multi_hot(fields)


def _flags(fields: Ids) -> Floats:
    return _present(fields).astype(float)


def _log_frequencies(flags: Floats) -> Floats:
    """Log share of each element among all elements of fields, (87,)."""
    counts = flags.sum(axis=0) + _UNSEEN
    logs: Floats = np.log(counts / counts.sum())
    return logs


def _mean(flags: Floats, of_elements: Floats) -> Floats:
    """Mean over the elements of fields, (n,)."""
    mean: Floats = flags @ of_elements / flags.sum(axis=1)
    return mean
