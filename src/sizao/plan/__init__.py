"""Plans: where patrols go when, drawn so that nobody can learn it; pure functions over columns."""
