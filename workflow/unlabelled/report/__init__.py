"""The report of a study: scorecard, figures, tables, provenance, on one page."""
