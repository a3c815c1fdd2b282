"""Shared nouns: record schemas, levels, ids, clock, rule book, errors. Imports nothing of ours."""
