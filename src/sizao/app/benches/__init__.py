"""One file a benchmark, each with ``run() -> dict``; ``commands/bench.py`` lists them."""
