"""Label masking: hide all labels but a few, and see how far a representation carries them."""
