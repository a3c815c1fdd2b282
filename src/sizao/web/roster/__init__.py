"""The shift roster: shifts, swaps, who is on duty."""
