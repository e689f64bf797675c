"""How well networks guess each element of a field from the others: a score of accessibility.

See :mod:`unlabelled.phase_field.accessibility` for what scores are and how they are compared.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from unlabelled import seeds as streams
from unlabelled.phase_field.accessibility import Floats, present
from unlabelled.phase_field.element_vectors import Vectors
from unlabelled.phase_field.fields import ELEMENTS, Ids

_EPSILON = np.float32(1e-6)
_BLOCK = 8192  # fields that are scored at once

log = logging.getLogger(__name__)


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
                flags = torch.from_numpy(present(fields[rows]))
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
    flags = torch.from_numpy(present(reported))
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
