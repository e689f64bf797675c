"""Deep InfoMax: pre-training the encoder without labels, and embedding crystals with it."""
