"""The package measured against the literal form of the method: ``make bench``."""
