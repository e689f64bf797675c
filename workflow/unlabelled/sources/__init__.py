"""Raw sources: fetching, verifying and reading them entry by entry."""
