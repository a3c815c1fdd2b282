"""One file a command; ``cli.py`` lists them."""
