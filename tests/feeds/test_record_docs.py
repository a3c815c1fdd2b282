"""The pages of the record feeds list what the code has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sizao.core.colours import COLOURS
from sizao.feeds.forms import Form
from sizao.feeds.gat1400.colours import PLATE_COLOURS
from sizao.feeds.gat1400.passages import FORM as PASSAGES
from sizao.feeds.gat1400.status import WORDS
from sizao.feeds.gat1400.subscriptions import FORM as SUBSCRIBE
from sizao.feeds.record_reasons import RECORD_REASONS
from sizao.feeds.roadside.form import FORM as CHECK
from sizao.feeds.stations.form import FORM as READING
from sizao.feeds.weighing.form import FORM as WEIGHING
from sizao.runtime.intake.retention import KEEP_DAYS
from tests.feeds.form_docs import table

REFERENCE = Path(__file__).resolve().parents[2] / "docs/reference"


@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("weighing.md", WEIGHING),
        ("roadside-checks.md", CHECK),
        ("weather-readings.md", READING),
        ("gat1400.md", PASSAGES),
        ("gat1400.md", SUBSCRIBE),
    ],
)
def test_fields(page: str, form: Form) -> None:
    assert table(form) in (REFERENCE / page).read_text(encoding="utf-8")


def test_reasons_and_days() -> None:
    text = (REFERENCE / "intake.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    listed = {code: (zh, en) for code, zh, en in rows if not zh.isascii()}
    assert listed == RECORD_REASONS
    days = re.findall(r"^\| `(\w+)` \| ([\d.]+) \|$", text, re.MULTILINE)
    assert {topic: float(number) for topic, number in days} == dict(KEEP_DAYS)


def test_codes_of_gat1400() -> None:
    text = (REFERENCE / "gat1400.md").read_text(encoding="utf-8")
    colours = re.findall(r"^\| `(\w+)` \| (\w+) \| (\d) \|$", text, re.MULTILINE)
    assert {code: (zh, int(to)) for code, zh, to in colours} == {
        code: (zh, PLATE_COLOURS[code]) for code, zh in COLOURS.items()
    }
    words = re.findall(r"^\| (\d) \| ([A-Z][^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    assert {int(code): (en, zh) for code, en, zh in words} == WORDS
