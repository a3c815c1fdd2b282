"""The bridge: detections in, warnings and cases out, effect once."""
