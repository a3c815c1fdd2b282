"""The report as PDF, set by Typst with fonts embedded as subsets."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typst

from sizao.web.risk.report.document import Chart, Document, Table
from sizao.web.risk.report.fonts import folders


def pdf(document: Document) -> bytes:
    """The document. Nothing is fetched and no font of the machine is used."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        template = resources.files("sizao.web.risk.report") / "report.typ"
        (folder / "report.typ").write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
        (folder / "data.json").write_text(
            json.dumps(_data(document, folder), ensure_ascii=False), encoding="utf-8"
        )
        made = typst.compile(
            str(folder / "report.typ"),
            root=name,
            font_paths=[str(one) for one in folders()],
            ignore_system_fonts=True,
            format="pdf",
        )
    return bytes(made)


def png(chart: Chart, ppi: float = 220.0) -> bytes:
    """A chart as a picture, for Word."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "chart.svg").write_text(chart.svg, encoding="utf-8")
        (folder / "chart.typ").write_text(
            '#set page(width: auto, height: auto, margin: 2pt)\n#image("chart.svg")\n',
            encoding="utf-8",
        )
        made = typst.compile(
            str(folder / "chart.typ"),
            root=name,
            font_paths=[str(one) for one in folders()],
            ignore_system_fonts=True,
            format="png",
            ppi=ppi,
        )
    return bytes(made)


def _data(document: Document, folder: Path) -> dict[str, Any]:
    """The document as JSON; charts are written beside it."""
    sections = []
    for section in document.sections:
        blocks: list[dict[str, Any]] = []
        for block in section.blocks:
            if isinstance(block, Table):
                blocks.append({"kind": "table", **vars(block)})
            elif isinstance(block, Chart):
                (folder / f"{block.name}.svg").write_text(block.svg, encoding="utf-8")
                blocks.append({"kind": "chart", "file": f"{block.name}.svg",
                               "caption": block.caption, "about": block.about})  # fmt: skip
            else:
                blocks.append({"kind": "text", "text": block})
        sections.append({"title": section.title, "blocks": blocks})
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "unit": document.unit,
        "date": document.date,
        "notes": document.notes,
        "sections": sections,
    }
