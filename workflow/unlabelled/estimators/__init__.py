"""Estimators with the interface of scikit-learn; import them from the modules."""
