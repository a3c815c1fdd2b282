"""The case: a state machine with clocks, escalation and dispatch proposals. Pure functions."""
