"""Detection rules as people see and change them: what each says, by whom, since when."""
