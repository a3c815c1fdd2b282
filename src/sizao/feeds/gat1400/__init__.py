"""GA/T 1400: passages of checkpoints as JSON over HTTP, both directions. The texts of GA/T 1400.3
(objects) and 1400.4 (interface) of 2017 were not at hand; see ``docs/reference/gat1400.md`` for
what is taken from public implementations."""
