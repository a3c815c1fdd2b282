"""Drills (演练): what is played in, from a script or a past case, and how the parties did. Pure."""
