"""Clusters of representations: kernel approximations, k-means, quality, held-out clusters."""
