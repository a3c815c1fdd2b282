"""The officer's phone: assignments, and actions that are kept when there is no network."""
