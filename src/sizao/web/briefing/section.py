"""What a briefing is made of: sections of lines in both languages."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Line:
    """One sentence in both languages, and where it comes from."""

    zh: str
    en: str
    url: str = ""


@dataclass
class Section:
    """A heading with lines; ``table`` rows are pairs of texts, the first row its head."""

    code: str
    zh: str
    en: str
    lines: list[Line] = field(default_factory=list)
    table: list[list[tuple[str, str]]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
