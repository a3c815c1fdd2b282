"""Response plans on cases: proposing, starting, the tasks at each desk, the installation's own."""
