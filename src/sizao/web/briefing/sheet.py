"""Headed lists on A4, set by Typst with the fonts that come with the program.

A sheet that must be one page is set smaller until it is; what still runs over at the smallest size
stays readable on a second page.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

import typst

from sizao.web.risk.report.fonts import folders

SIZES_PT = (10.5, 9.5, 8.5, 7.5)


@dataclass
class Block:
    """A heading with lines, and a table if there is one (the first row is its head)."""

    title: str
    lines: list[str] = field(default_factory=list)
    table: list[list[str]] = field(default_factory=list)


@dataclass
class Sheet:
    """The whole sheet. ``foot`` are lines at the end: signatures, or who issued it."""

    title: str
    subtitle: str
    blocks: list[Block]
    foot: list[str] = field(default_factory=list)
    one_page: bool = True


def pdf(sheet: Sheet) -> bytes:
    """The sheet as PDF. Nothing is fetched and no font of the machine is used."""
    size = SIZES_PT[0]
    if sheet.one_page:
        size = next((one for one in SIZES_PT if pages(sheet, one) == 1), SIZES_PT[-1])
    return _compile(sheet, size, "pdf")[0]


def pages(sheet: Sheet, size_pt: float) -> int:
    """How many pages the sheet has at a size of type."""
    return len(_compile(sheet, size_pt, "png"))


def _compile(sheet: Sheet, size_pt: float, kind: str) -> list[bytes]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        template = resources.files("sizao.web.briefing") / "sheet.typ"
        (folder / "sheet.typ").write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
        data = json.dumps({**asdict(sheet), "size": size_pt}, ensure_ascii=False)
        (folder / "data.json").write_text(data, encoding="utf-8")
        made = typst.compile(
            str(folder / "sheet.typ"), root=name, font_paths=[str(one) for one in folders()],
            ignore_system_fonts=True, format=kind, **({"ppi": 10.0} if kind == "png" else {}),
        )  # fmt: skip
    return [bytes(one) for one in made] if isinstance(made, list) else [bytes(made)]
