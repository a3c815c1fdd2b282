"""Dated tables: what people may report, and how it is graded when a case is raised."""
