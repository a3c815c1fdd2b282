"""Weigh stations and weighing in motion: our own JSON and CSV, ``docs/reference/weighing.md``."""
