"""Decision tables as people see and change them: drafts, a replay of 30 days, two persons."""
