"""Duty: the roster and what is wrong with it. Pure."""
