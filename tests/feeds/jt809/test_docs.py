"""What the reference page says by hand."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

from sizao.feeds.jt809.dialect import Dialect
from sizao.feeds.jt809.lines import decode_line
from sizao.feeds.jt809.tables import DIALECT_WORDS

PAGE = Path(__file__).resolve().parents[3] / "docs/reference/jt809.md"


def test_the_example() -> None:
    text = PAGE.read_text(encoding="utf-8")
    hexadecimal, printed = re.findall(r"\$ echo (\w+) \|.*\n(\{.*\})", text)[0]
    assert json.dumps(decode_line(hexadecimal), ensure_ascii=False) == printed


def test_every_option_has_words() -> None:
    assert set(DIALECT_WORDS) == {option.name for option in fields(Dialect)}
