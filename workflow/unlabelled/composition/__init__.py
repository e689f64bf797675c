"""Formulas and crystals -> compositions -> vectors made of them."""
