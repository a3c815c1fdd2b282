"""Tables that people send: crash records, vehicle and enterprise registers as CSV or Excel.

    reading    bytes -> a table with the row numbers that a spreadsheet shows
    mapping    which column is which field: proposed, saved per source
    checking   a table and a mapping -> good rows, and each bad one with number and reason
    kinds      what a crash, a vehicle, an enterprise consist of

Nothing here raises over what a file holds: a file that cannot be read is a :class:`Refusal`, a
cell that cannot be used a :class:`~sizao.feeds.tables.reasons.Problem` of its row.
"""
