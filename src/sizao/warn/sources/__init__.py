"""What is known of a place, as facts for the decision table: a file a source, one call a record.

None of them grades: a number that matters is a condition of a row in a dated table.
"""
