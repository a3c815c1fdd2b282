"""Incident calls (接警): grading, likeness of two calls, reports to the levels above. Pure."""
