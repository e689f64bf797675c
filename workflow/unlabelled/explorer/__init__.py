"""Pages to explore results with: each is a function of tidy tables to one HTML file."""
