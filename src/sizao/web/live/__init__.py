"""Streams: vehicles once a second, events as they happen."""
