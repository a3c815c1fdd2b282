"""Parsers: a cell as somebody typed it -> a value, or :class:`Bad` with the reason.

Each is a small value with a description for the reference page. A parser never sees an empty
cell. Numbers take the unit from the cell, else from the column's name ("核定载质量（吨）").
"""
