"""Columns of Word tables are as wide as was meant, in cells and grid."""

from __future__ import annotations

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm

from sizao.web.wordtables import set_widths


def test_widths_stand_in_the_cells_and_in_the_grid() -> None:
    table = Document().add_table(rows=3, cols=2)
    grid = [int(one.get(qn("w:w"))) for one in table._tbl.tblGrid.iterchildren()]
    assert grid[0] == grid[1], "what python-docx makes: equal shares, whatever the cells say"
    set_widths(table, (Mm(20), Mm(100)))
    grid = [int(one.get(qn("w:w"))) for one in table._tbl.tblGrid.iterchildren()]
    assert grid[1] == pytest.approx(5 * grid[0], abs=5)
    assert all(cell.width == pytest.approx(Mm(100), rel=1e-3) for cell in table.columns[1].cells)
