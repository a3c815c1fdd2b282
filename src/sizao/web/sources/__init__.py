"""Sources of data: who sends what, how well, and what was wrong with it."""
