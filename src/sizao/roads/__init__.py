"""The road network: import, linear reference (G5 K120+300), limits, matching, travel time."""
