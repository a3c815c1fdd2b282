"""What was done to places: entered, proposed from finished hazards, or read from a file."""
