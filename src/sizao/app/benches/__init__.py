"""One file a benchmark, each with ``run() -> dict``; ``commands/bench.py`` lists them.

``processes.py`` is what they share; a file with an underscore is a process of a benchmark's own.
"""
