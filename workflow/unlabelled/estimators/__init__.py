"""Estimators of scikit-learn: what the commands do, as parts of one's own pipelines."""
