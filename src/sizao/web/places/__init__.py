"""What is known of places: readings, notices, forecasts, graded and kept for a replay."""
