"""Entries of all formats -> validated crystal table, and a table of what was refused and why."""
