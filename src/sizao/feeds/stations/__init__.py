"""Weather stations beside the road: JSON and CSV, ``docs/reference/weather-readings.md``."""
