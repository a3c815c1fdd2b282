"""Junctions: audited arm by arm, timed, simulated, and brought from hazard to model junction."""
