"""Embeddings: what a frozen encoder says of every crystal."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import torch

from unlabelled.device import Accelerator, device
from unlabelled.point_set.batch import pack
from unlabelled.point_set.quotient import SiteClasses
from unlabelled.point_set.ragged import collate
from unlabelled.site_net.encoder import READOUTS, SiteNet
from unlabelled.tables import field

_PAIRS_PER_BATCH = 30_000

_DESCRIPTIONS = {
    "embedding": "global representation m, the mean",
    "pooled": "mean over the sites of the last layer before pooling",
    "sites": "mean and standard deviation over the sites of the local representation",
}

SCHEMA = pa.schema(
    [
        field("material_id", pa.string(), "identifier in the crystal table"),
        *(
            field(name, pa.list_(pa.float32(), width), _DESCRIPTIONS[name])
            for name, width in READOUTS.items()
        ),
    ]
)


def embed(
    encoder: SiteNet, crystals: Sequence[SiteClasses], accelerator: Accelerator = "auto"
) -> dict[str, np.ndarray]:
    """Embed crystals, without sampling.

    Parameters
    ----------
    encoder
        Trained or not.
    crystals
        Quotients of point sets: equal sites are encoded once.
    accelerator
        Where to compute.

    Returns
    -------
    dict
        By name in :data:`unlabelled.site_net.encoder.READOUTS`, (n crystals, width) float32 in the
        order given.
    """
    where = device(accelerator)
    encoder = encoder.to(where).eval()
    found = {name: np.empty((len(crystals), width), np.float32) for name, width in READOUTS.items()}
    sizes = [c.n_pairs for c in crystals]
    with torch.inference_mode():
        for indices in pack(sizes, range(len(crystals)), _PAIRS_PER_BATCH):
            batch = collate([crystals[i] for i in indices]).to(where)
            for name, values in encoder.readouts(batch).items():
                found[name][indices] = values.cpu().numpy()
    return found


def to_table(ids: Sequence[str], embeddings: Mapping[str, np.ndarray]) -> pa.Table:
    """Embeddings as a table of :data:`SCHEMA`.

    Parameters
    ----------
    ids
        Identifiers, n.
    embeddings
        What :func:`embed` returned.
    """
    columns = {
        name: pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])
        for name, values in embeddings.items()
    }
    return pa.table({"material_id": pa.array(ids, pa.string()), **columns})
