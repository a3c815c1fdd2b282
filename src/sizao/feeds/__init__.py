"""Bytes to observations and replies, without sockets; one folder a protocol."""
