"""Signals at one junction: what a plan is worth, and a better one. Pure functions."""
