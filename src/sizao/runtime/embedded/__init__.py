"""The log and the checkpoint on one machine: SQLite in WAL mode, nothing to install."""
