"""Columns of the isotropy of learnt embeddings of digits."""

import pyarrow as pa

from unlabelled.tables import field

DIGITS = pa.schema(
    [
        field("network", pa.string(), "autoencoder, or classifier with the same encoder"),
        field("size", pa.int64(), "dimensions of the embedding"),
        field("seed", pa.int64(), "seed of weights and order; the digits held out are the same"),
        field("epoch", pa.int64(), "epochs of training; 0 is untrained"),
        field("grouping", pa.string(), "clusters: class (the digits), or k_means with as many"),
        field("measure", pa.string(), "measure of isotropy"),
        field("implementation", pa.string(), "corrected, or published: with the authors' faults"),
        field("value", pa.float64(), "average over the clusters, weighted by their sizes"),
        field("excluded_weight", pa.float64(), "share of the digits in clusters without a value"),
        field("null_mean", pa.float64(), "mean of isotropic clusters of these sizes; of corrected"),
        field("null_sd", pa.float64(), "standard deviation of the same"),
        field("z", pa.float64(), "value less null_mean, divided by null_sd"),
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
