"""The hot list (布控): plates that are looked for, by whom, why, until when, and what was hit."""
