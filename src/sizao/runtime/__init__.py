"""What moves the bytes: sockets, processes, the stages in order (``pipeline.py``)."""
