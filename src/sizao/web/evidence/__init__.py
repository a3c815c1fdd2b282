"""Evidence: what is kept, for how long, what holds it, and what was deleted."""
