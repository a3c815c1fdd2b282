"""Tests of the pages and services of hazards."""
