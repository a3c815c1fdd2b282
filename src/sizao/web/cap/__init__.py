"""Our warnings as CAP 1.2: a document a warning, and a list of them for partners."""
