"""Batch assessment of places and times, never of people: screening, forecasting, validation."""
