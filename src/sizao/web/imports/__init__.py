"""Imports of crash records and registers: upload, mapping, preview, confirmation, undoing."""
