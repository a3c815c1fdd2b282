"""A junction in the traffic simulator SUMO: its files, its runs, and two plans compared."""
