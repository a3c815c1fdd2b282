"""Tables of Word documents whose columns are as wide as was meant, in every office program."""

from __future__ import annotations

from collections.abc import Sequence

from docx.shared import Length
from docx.table import Table


def set_widths(table: Table, widths: Sequence[Length]) -> None:
    """Set the width of every column, in its cells and in the table's own grid.

    Word goes by the cells, WPS and LibreOffice by the grid, which python-docx fills with equal
    shares: without both, a column for a number is as wide as one for a paragraph.
    """
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
        for cell in column.cells:
            cell.width = width
