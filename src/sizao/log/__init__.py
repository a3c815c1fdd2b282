"""The durable record of observations and detections: interface, topics, record encoding.

What holds the bytes (SQLite on one machine, Kafka beyond) lives in ``runtime``.
"""
