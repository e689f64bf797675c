"""Columns of the label-masking tables."""

import pyarrow as pa

from unlabelled.tables import field

RESULTS = pa.schema(
    [
        field("task", pa.string(), "name of the task in the configuration"),
        field("arm", pa.string(), "representation, or start: untrained, as_published, ..."),
        field("arm_seed", pa.int64(), "initialisation (and pre-training) seed of the encoder"),
        field("head", pa.string(), "regressor on a frozen representation, or fine_tuning"),
        field("n_labels", pa.int64(), "labels shown to the regressor"),
        field("draw", pa.int64(), "which random subset of the training labels"),
        field("label_ids_digest", pa.string(), "SHA-256 of the sorted material_ids of the subset"),
        field("n_test", pa.int64(), "crystals of the test part"),
        field("mae", pa.float64(), "mean absolute error on the test part", "unit of the label"),
        field(
            "rmse", pa.float64(), "root mean squared error on the test part", "unit of the label"
        ),
        field("r2", pa.float64(), "coefficient of determination on the test part"),
        field("epochs", pa.int64(), "epochs of fine-tuning; 0 on frozen representations"),
        field("seconds", pa.float64(), "time to fit and to predict", "s"),
    ]
)

PAIRED = pa.schema(
    [
        field("task", pa.string(), "name of the task in the configuration"),
        field("arm", pa.string(), "arm compared"),
        field("reference", pa.string(), "arm it is compared with, on the same label subsets"),
        field("head", pa.string(), "regressor of the arm"),
        field("reference_head", pa.string(), "regressor of the reference"),
        field("n_labels", pa.int64(), "labels shown to the regressor"),
        field("n_draws", pa.int64(), "label subsets on which both were trained"),
        field("n_encoders_arm", pa.int64(), "encoders of the arm; 1 without an encoder"),
        field("n_encoders_reference", pa.int64(), "encoders of the reference, likewise"),
        field("mean_arm", pa.float64(), "mean MAE of the arm", "unit of the label"),
        field("mean_reference", pa.float64(), "mean MAE of the reference", "unit of the label"),
        field("difference", pa.float64(), "mean of arm minus reference", "unit of the label"),
        field("low", pa.float64(), "lower end of the 95 % interval", "unit of the label"),
        field("high", pa.float64(), "upper end of the 95 % interval", "unit of the label"),
        field("relative", pa.float64(), "difference divided by the mean of the reference"),
        field(
            "standard_error",
            pa.float64(),
            "standard error of the difference, over draws and encoders",
            "unit of the label",
        ),
        field(
            "detectable",
            pa.float64(),
            "difference found with a power of 80 % at the 5 % level; where an arm has one encoder, "
            "by that encoder",
            "unit of the label",
        ),
        field(
            "bootstrap_low",
            pa.float64(),
            "lower end of the percentile bootstrap 95 % interval",
            "unit of the label",
        ),
        field(
            "bootstrap_high",
            pa.float64(),
            "upper end of the percentile bootstrap 95 % interval",
            "unit of the label",
        ),
    ]
)

SUMMARY = pa.schema(
    [
        field("task", pa.string(), "name of the task in the configuration"),
        field("arm", pa.string(), "representation"),
        field("head", pa.string(), "regressor on the frozen representation"),
        field("n_labels", pa.int64(), "labels shown to the regressor"),
        field("n_draws", pa.int64(), "label subsets"),
        field("n_encoder_seeds", pa.int64(), "encoders of the arm; 1 without an encoder"),
        field("n_unlabelled", pa.int64(), "crystals of its pre-training; 0 without"),
        field("median", pa.float64(), "median test MAE", "unit of the label"),
        field("mean", pa.float64(), "mean test MAE", "unit of the label"),
        field("sd", pa.float64(), "standard deviation of the test MAE", "unit of the label"),
        field("min", pa.float64(), "lowest test MAE", "unit of the label"),
        field("max", pa.float64(), "highest test MAE", "unit of the label"),
    ]
)

EMBEDDING_MAP = pa.schema(
    [
        field("task", pa.string(), "name of the task in the configuration"),
        field("arm", pa.string(), "representation"),
        field("material_id", pa.string(), "identifier"),
        field("x", pa.float64(), "first coordinate of the map"),
        field("y", pa.float64(), "second coordinate of the map"),
        field("value", pa.float64(), "label to colour by", "unit of the label"),
    ]
)
