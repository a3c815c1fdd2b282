"""The reference pages list what the code has, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sizao.feeds.jt808.items import ITEMS
from sizao.feeds.jt808.lines import decode_line
from sizao.feeds.jt808.messages import MESSAGES
from sizao.feeds.jt808.problems import KINDS
from sizao.feeds.jt808.reasons import REASONS

REFERENCE = Path(__file__).resolve().parents[3] / "docs/reference"


@pytest.fixture(scope="module")
def page() -> str:
    return (REFERENCE / "jt808.md").read_text(encoding="utf-8")


def test_messages(page: str) -> None:
    section = page.split("<!-- messages -->")[1].split("<!-- /messages -->")[0]
    rows = re.findall(r"^\| `0x([0-9A-F]{4})` \| \S.*? \| (.+?) \|", section, re.MULTILINE)
    assert {int(number, 16): name for number, name in rows} == {
        k: m.name for k, m in MESSAGES.items()
    }


def test_every_message_has_its_words_and_its_clause() -> None:
    for number, message in MESSAGES.items():
        assert message.zh, hex(number)
        assert message.name, hex(number)
        assert message.clause, hex(number)
        assert bool(message.fields) is not bool(message.keys), hex(number)
        assert all(field.doc for field in message.fields), hex(number)


def test_items(page: str) -> None:
    rows = re.findall(r"^\| `0x([0-9A-F]{2})` \| ([\d or]+) \| ([\w, ]+) \|", page, re.MULTILINE)
    listed = {int(number, 16): (lengths, keys) for number, lengths, keys in rows}
    expected = {}
    for item, forms in ITEMS.items():
        length, decode, _ = forms[0]
        lengths = " or ".join(str(form[0]) for form in forms)
        expected[item] = (lengths, ", ".join(decode(bytes(length))))
    assert listed == expected


def test_kinds_of_error(page: str) -> None:
    (sentence,) = re.findall(r"^Kinds of error: (.*?)\.", page, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", sentence)) == set(KINDS)


def test_the_example(page: str) -> None:
    hexadecimal, printed = re.findall(r"\$ echo (\w+) \|.*\n(\{.*\})", page)[0]
    assert (
        str(decode_line(hexadecimal))
        .replace("'", '"')
        .replace("None", "null")
        .replace("True", "true")
        == printed
    )


def test_quarantine_reasons() -> None:
    text = (REFERENCE / "quarantine.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|", text, re.MULTILINE)
    assert {code: (zh, en) for code, zh, en in rows} == dict(REASONS)
    assert set(KINDS) - set(REASONS) == {"bad_hex", "empty_frame"}
