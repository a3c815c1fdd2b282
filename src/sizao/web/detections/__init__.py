"""Detections for people: which of them a user sees, and why each one fired."""
