"""Phase fields: sets of elements, what can be expected of them, and whether they can be made."""
