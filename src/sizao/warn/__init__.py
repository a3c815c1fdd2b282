"""Detections to graded warnings, routed to a command level by a dated decision table."""
