"""Dated tables: how Chinese services name colours and kinds of weather."""
