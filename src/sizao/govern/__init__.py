"""Indicators (and, later, hazards and listed supervision): how well the loop closes."""
