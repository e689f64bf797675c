"""The encoder that comes with the package, and which crystals it knows.

``card.md`` beside it says what it was trained on, how good it is and where it ends; ``make
pretrained`` makes all three files again.
"""

from dataclasses import dataclass
from pathlib import Path

from safetensors.numpy import load_file

from unlabelled.applicability import ApplicabilityDomain
from unlabelled.site_net import weights
from unlabelled.site_net.encoder import SiteNet

FOLDER = Path(__file__).parent
ENCODER, DOMAIN, CARD = "encoder.safetensors", "domain.safetensors", "card.md"
READOUT = "sites"  # of which the domain is; what serves regressors best


@dataclass(frozen=True, slots=True)
class Pretrained:
    """An encoder, and the domain of the crystals that it was trained on.

    Attributes
    ----------
    encoder
        Trained without labels.
    domain
        Of its readout :data:`READOUT`.
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
    encoder = weights.load(Path(folder) / ENCODER)
    return Pretrained(encoder, ApplicabilityDomain.of_arrays(load_file(Path(folder) / DOMAIN)))
