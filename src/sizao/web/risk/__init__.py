"""Risk of places: assessment runs, the risk map, the ranked list, sites, validation, reports."""
