"""Models as they are before training. Light to import: no training library."""

import torch

from unlabelled import seeds
from unlabelled.infomax.objective import InfoMax
from unlabelled.infomax.options import InfoMaxOptions
from unlabelled.site_net.encoder import SiteNet


def initialise(options: InfoMaxOptions, seed: int, n_properties: int = 1) -> InfoMax:
    """Return the untrained model of a variant, its parameters drawn from the seed.

    The encoder does not depend on the number of properties that the probe predicts.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seeds.integer(seed, "infomax", "initialisation"))
        return InfoMax(options, n_properties)


def initial_encoder(options: InfoMaxOptions, seed: int, run_seed: int) -> SiteNet:
    """Return the encoder from which :func:`unlabelled.infomax.runs.pretrain_run` starts."""
    return initialise(options, run_key(seed, run_seed)).encoder


def run_key(seed: int, run_seed: int) -> int:
    """Return the seed of a run from that of the configuration and its number."""
    return seeds.integer(seed, "infomax", "run", run_seed)
