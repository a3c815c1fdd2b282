"""Control measures: what is put up on the road, by whom, until when, and who took it away."""
