"""Electronic fences, drawn on the map: asked for by one person, put in force by another."""
