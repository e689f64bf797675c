"""Figures: every one is a function of one tidy table and the names to print."""
