"""Columns of the isotropy of learnt embeddings of digits."""

import pyarrow as pa

from unlabelled.isotropy.rows import MEASURED
from unlabelled.tables import field

DIGITS = pa.schema(
    [
        field("network", pa.string(), "autoencoder, or classifier with the same encoder"),
        field("size", pa.int64(), "dimensions of the embedding"),
        field("seed", pa.int64(), "seed of weights and order; the digits held out are the same"),
        field("epoch", pa.int64(), "epochs of training; 0 is untrained"),
        field("grouping", pa.string(), "clusters: class (the digits), or k_means with as many"),
        *MEASURED,
        field("silhouette", pa.float64(), "mean silhouette of the clusters"),
        field("ari", pa.float64(), "adjusted Rand index of the k-means clusters and the digits"),
        field(
            "lda_accuracy",
            pa.float64(),
            "share of the digits held out that a linear discriminant analysis of the embeddings of "
            "the others names rightly",
        ),
        field(
            "loss",
            pa.float64(),
            "cross-entropy on the digits held out: per pixel (autoencoder) or digit (classifier)",
            "nats",
        ),
    ]
)
