"""Rules over positions whose subject is a place: see ``registry.ROAD_RULES``."""
