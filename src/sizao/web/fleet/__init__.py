"""Enterprises and vehicles of the register."""
