"""Learning from materials without labels.

The package does the science and knows nothing of Snakemake; ``workflow/scripts`` connects the two.
Sub-packages are listed in the order data flows; none imports one that comes later.
"""
