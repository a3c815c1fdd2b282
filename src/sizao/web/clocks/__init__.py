"""Clocks that run out: found by the desk each round, acted on exactly once, kept for ever."""
