"""Tests of the life of hazards."""
