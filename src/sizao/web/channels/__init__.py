"""Telling people: parties and their notices, channels, deliveries with receipts."""
