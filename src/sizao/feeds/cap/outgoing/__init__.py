"""Dated tables: how our own levels and kinds are worded in CAP."""
