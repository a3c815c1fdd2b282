"""The archive at work: the process that fills it, and the questions it answers."""
