"""A model of one property of crystals, from labels of one's own and an encoder trained without.

What it is made of is chosen by cross-validation among the ways of :mod:`.ways`, beside the same
ways without pre-training, so that nothing is promised that was not measured first.
"""
