"""The one-machine runner: SQLite as log and checkpoint store."""
