"""What came of warnings about places: forecasts and weather held against crashes and verdicts."""
