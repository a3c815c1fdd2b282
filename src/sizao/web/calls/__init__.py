"""Incident calls: taking, likeness, grade, case, reports upward, calling back."""
