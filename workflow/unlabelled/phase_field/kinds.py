"""Kinds of models of fields."""

#: Those that are trained without each inner fold, by which they are calibrated.
CALIBRATED = ("logistic", "neighbours", "extra_trees", "boosting", "network")
