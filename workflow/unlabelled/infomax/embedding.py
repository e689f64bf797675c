"""Embeddings: one 64-dimensional vector per crystal from a frozen encoder."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import torch

from unlabelled.infomax.device import Accelerator, device
from unlabelled.point_set.batch import collate, pack
from unlabelled.point_set.point_set import PointSet
from unlabelled.site_net.encoder import GLOBAL_WIDTH, SiteNet
from unlabelled.tables import field

SCHEMA = pa.schema(
    [
        field("material_id", pa.string(), "identifier in the crystal table"),
        field("embedding", pa.list_(pa.float32(), GLOBAL_WIDTH), "global representation, the mean"),
    ]
)


def embed(
    encoder: SiteNet,
    point_sets: Sequence[PointSet],
    sites_per_batch: int,
    accelerator: Accelerator = "auto",
) -> np.ndarray:
    """Embed crystals, without sampling.

    Parameters
    ----------
    encoder
        Trained or not.
    point_sets
        Crystals.
    sites_per_batch
        Largest number of primitive sites to hold at once.
    accelerator
        Where to compute.

    Returns
    -------
    numpy.ndarray
        (n crystals, 64) float32, in the order given.
    """
    where = device(accelerator)
    encoder = encoder.to(where).eval()
    n_sites = np.array([p.n_sites for p in point_sets])
    # Crystals of equal width share a batch, so that little is padding.
    order = np.argsort([p.n_supercell for p in point_sets], kind="stable")
    embeddings = np.empty((len(point_sets), GLOBAL_WIDTH), np.float32)
    with torch.inference_mode():
        for indices in pack(n_sites, order, sites_per_batch):
            batch = collate([point_sets[i] for i in indices]).to(where)
            embeddings[indices] = encoder(batch).cpu().numpy()
    return embeddings


def to_table(ids: Sequence[str], embeddings: np.ndarray) -> pa.Table:
    """Embeddings as a table of :data:`SCHEMA`.

    Parameters
    ----------
    ids
        Identifiers, n.
    embeddings
        (n, 64) float32.
    """
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(embeddings.ravel()), GLOBAL_WIDTH)
    return pa.table({"material_id": pa.array(ids), "embedding": vectors})
