"""Drills (演练): the same screens on a made-up or past event, marked everywhere, nothing sent."""
