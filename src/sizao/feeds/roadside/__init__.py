"""Roadside checks: our own JSON and CSV, ``docs/reference/roadside-checks.md``."""
