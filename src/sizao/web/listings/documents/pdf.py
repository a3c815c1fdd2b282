"""An official document as PDF, set by Typst with fonts embedded as subsets."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

import typst

from sizao.web.listings.documents.official import Official, title_lines
from sizao.web.risk.report.fonts import folders

TEMPLATE = "official.typ"


def pdf(document: Official) -> bytes:
    """The document. Nothing is fetched and no font of the machine is used."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        template = resources.files("sizao.web.listings.documents") / TEMPLATE
        (folder / TEMPLATE).write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
        (folder / "data.json").write_text(
            json.dumps({**document.to_dict(), "lines": title_lines(document)}, ensure_ascii=False),
            encoding="utf-8",
        )
        made = typst.compile(
            str(folder / TEMPLATE),
            root=name,
            font_paths=[str(one) for one in folders()],
            ignore_system_fonts=True,
            format="pdf",
        )
    return bytes(made)
