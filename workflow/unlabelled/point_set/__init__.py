"""Crystals as point sets: supercells, site inputs, distances, shards and batches."""
