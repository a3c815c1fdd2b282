"""The track archive: every position for half a year, as Parquet by day and vehicle.

``columns.py`` says what a row is on disk, ``manifest.py`` which files count, ``arrivals.py`` puts
rows in order, ``store.py`` writes and merges them, ``deletions.py`` proves what was deleted.
Queries are in ``runtime/archive``.
"""
