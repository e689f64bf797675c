"""Encoders to hand on: the weights, which crystals they know, and a card that says both.

That of the package is beside this file; ``make pretrained`` makes it again.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save

from unlabelled.applicability import ApplicabilityDomain
from unlabelled.errors import UserError
from unlabelled.files import written_whole
from unlabelled.site_net import weights
from unlabelled.site_net.encoder import SiteNet

FOLDER = Path(__file__).parent
READOUT = "sites"  # what serves regressors best
_ENCODER, _DOMAIN, _CARD = "encoder.safetensors", "domain.safetensors", "card.md"


@dataclass(frozen=True, slots=True)
class Pretrained:
    """An encoder, and the domain of the crystals that it was trained on.

    Attributes
    ----------
    encoder
        Trained without labels.
    domain
        Of these, by :data:`unlabelled.label_masking.descriptors.LIKENESS`.
    """

    encoder: SiteNet
    domain: ApplicabilityDomain


def load(folder: str | Path = FOLDER) -> Pretrained:
    """Read an encoder with its domain; by default what comes with the package.

    Raises
    ------
    UserError
        If there is no encoder of this package.
    """
    folder = Path(folder)
    for name in (_ENCODER, _DOMAIN):
        if not (folder / name).is_file():
            raise UserError(f"{folder} holds no encoder to load: {name} is missing")
    encoder = weights.load(folder / _ENCODER)
    return Pretrained(encoder, load_domain(folder / _DOMAIN))


def write(folder: str | Path, encoder: bytes, domain: ApplicabilityDomain, card: str) -> None:
    """Write an encoder with its domain and card into a folder, whole or not at all.

    Parameters
    ----------
    folder
        To write; an older one is replaced.
    encoder
        Content of its file.
    domain, card
        What goes beside it.
    """
    with written_whole(folder) as temporary:
        temporary.mkdir()
        (temporary / _ENCODER).write_bytes(encoder)
        save_domain(domain, temporary / _DOMAIN)
        (temporary / _CARD).write_text(card)


def save_domain(domain: ApplicabilityDomain, path: Path) -> None:
    """Write a domain to a safetensors file."""
    arrays = {name: np.ascontiguousarray(of) for name, of in domain.arrays().items()}
    path.write_bytes(save(arrays))


def load_domain(path: Path) -> ApplicabilityDomain:
    """Read a domain that :func:`save_domain` wrote."""
    return ApplicabilityDomain.of_arrays(load_file(path))
