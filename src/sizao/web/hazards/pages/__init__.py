"""Pages of hazards. Views parse, call, render."""
