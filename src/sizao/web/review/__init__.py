"""After the case: files, costs, the after-action review, and the board at a past moment."""
