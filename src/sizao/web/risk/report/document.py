"""The report as text, tables and charts, without saying how it is set."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Table:
    """``widths`` are shares of the text width; ``right`` says which columns are numbers."""

    caption: str
    header: list[str]
    rows: list[list[str]]
    widths: list[float]
    right: list[bool]


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
