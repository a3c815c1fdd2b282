"""Indicators computed from cases."""
