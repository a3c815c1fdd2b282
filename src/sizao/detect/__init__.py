"""Observations to detections: one file a rule, all behind one contract (``stage.py``)."""
