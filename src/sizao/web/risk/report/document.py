"""The report as text, tables and charts, without saying how it is set."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Table:
    """``widths`` are shares of the text width; ``right`` says which columns are numbers; ``note``
    is printed below: units, source, how sure."""

    caption: str
    header: list[str]
    rows: list[list[str]]
    widths: list[float]
    right: list[bool]
    note: str = ""


@dataclass
class Chart:
    """``about`` is what it shows, for who cannot see it."""

    name: str
    caption: str
    svg: str
    about: str


Block = str | Table | Chart


@dataclass
class Section:
    """One numbered section; ``blocks`` in order, a str is a paragraph."""

    title: str
    blocks: list[Block] = field(default_factory=list)


@dataclass
class Document:
    """The whole report."""

    title: str
    subtitle: str
    unit: str
    date: str
    sections: list[Section]
    notes: list[str]


def numbered(sections: list[Section]) -> list[Section]:
    """The sections with 表1, 图1 and so on before the captions, in their order."""
    tables = charts = 0
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Table):
                tables += 1
                block.caption = f"表{tables}　{block.caption}"
            elif isinstance(block, Chart):
                charts += 1
                block.caption = f"图{charts}　{block.caption}"
    return sections
