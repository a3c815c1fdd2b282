"""Issued warnings: never edited, an update refers to the one before."""
