"""Response plans (预案): who does what, in which order and by when, as dated data. Pure."""
