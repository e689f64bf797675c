"""Columns of the pre-training history."""

import pyarrow as pa

from unlabelled.tables import field

SCHEMA = pa.schema(
    [
        field("variant", pa.string(), "variant of Deep InfoMax"),
        field("seed", pa.int64(), "seed of the run"),
        field("epoch", pa.int64(), "epoch, from 0"),
        field("part", pa.string(), "train or validation"),
        field("quantity", pa.string(), "local_dim, local_kl, global_dim, global_kl, dim, ..."),
        field("value", pa.float64(), "mean over the epoch; losses in nats"),
    ]
)
