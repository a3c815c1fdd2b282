"""Organisation units, accounts and patrol units."""
