"""The rules, one file each. ``detect.registry`` lists those that run."""
