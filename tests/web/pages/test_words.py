"""Values as people say them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.html import strip_tags

from sizao.web import channels
from sizao.web.pages.words import counted, quantity


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (51_578.9, "kg", "51,579 kg"),
        (1_234_567.0, "kg", "1,234,567 kg"),
        (80_081.4, "km/h", "80,081 km/h"),
        (18.44, "km/h", "18.4 km/h"),
        (4.3, "m", "4.3 m"),
        (60.0, "km/h", "60 km/h"),
        (100.0, "km/h", "100 km/h"),
    ],
)
def test_a_number_is_grouped_and_no_finer_than_it_is(value: float, unit: str, told: str) -> None:
    """A million kilograms read "1.23457e+06 kg" once."""
    with translation.override("en"):
        assert quantity(value, unit) == told


@pytest.mark.parametrize(
    ("minutes", "zh", "en"),
    [
        (0.0, "0 分钟", "0 min"),
        (0.5, "30 秒", "30 s"),
        (1.0, "1 分钟", "1 min"),
        (1.5, "1 分 30 秒", "1 min 30 s"),
        (9.995, "10 分钟", "10 min"),
        (19.6, "20 分钟", "20 min"),
        (240.0, "4 小时", "4 h"),
        (262.0, "4 小时 22 分", "4 h 22 min"),
    ],
)
def test_a_duration_is_never_said_as_nothing(minutes: float, zh: str, en: str) -> None:
    """Thirty seconds in a closed area read "0 minutes" once."""
    with translation.override("zh-hans"):
        assert quantity(minutes, "min") == zh
    with translation.override("en"):
        assert quantity(minutes, "min") == en


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("2026-03-05 08:00", "2026-03-05 09:30", "08:00:00 – 09:30:00"),
        ("2026-03-04 04:00", "2026-03-05 04:00", "03-04 04:00 – 03-05 04:00"),
        ("2026-03-04 04:00", "2026-03-04 16:00", "03-04 04:00 – 16:00"),
        ("2026-03-05 08:00", None, "08:00:00 – "),
        ("2025-12-31 04:00", "2026-01-01 04:00", "2025-12-31 04:00 – 01-01 04:00"),
        ("2025-12-31 04:00", "2025-12-31 16:00", "2025-12-31 04:00 – 16:00"),
        ("2025-12-31 04:00", None, "2025-12-31 04:00 – "),
    ],
)
def test_a_span_says_its_days_once_and_never_hides_one(
    monkeypatch: pytest.MonkeyPatch, first: str, last: str | None, told: str
) -> None:
    """A week up to this morning once read "11-20 04:00 – 04:00:00"."""
    from sizao.web.pages.templatetags import sizao

    def at(text: str | None) -> datetime | None:
        return datetime.fromisoformat(f"{text}:00+08:00") if text else None

    monkeypatch.setattr(sizao, "feed_now", lambda: at("2026-03-05 10:00"))
    assert strip_tags(sizao.span(at(first), at(last))) == told


@pytest.mark.parametrize(
    ("at", "told", "day"),
    [
        ("2026-01-01T00:00:30+08:00", "00:00:30", "01-01"),
        ("2025-12-31T23:59:00+08:00", "2025-12-31 23:59", "2025-12-31"),
        ("2025-01-01T08:00:00+08:00", "2025-01-01 08:00", "2025-01-01"),
        ("2026-02-03T08:00:00+08:00", "02-03 08:00", "02-03"),
    ],
)
def test_another_year_is_said(
    monkeypatch: pytest.MonkeyPatch, at: str, told: str, day: str
) -> None:
    """In January the end of December read like the end of the December to come."""
    from sizao.web.pages.templatetags import sizao

    now = datetime.fromisoformat("2026-01-01T00:10:00+08:00")
    monkeypatch.setattr(sizao, "feed_now", lambda: now)
    moment = datetime.fromisoformat(at).astimezone(UTC)
    assert strip_tags(sizao.when(moment)) == told
    assert strip_tags(sizao.ago(moment)) == told
    assert sizao.short_day(moment) == day
    assert sizao.short_day(datetime.fromisoformat(at).date()) == day


@pytest.mark.parametrize(
    ("said", "en"),
    [
        ("网关未接受：余额不足", "the gateway refused it: 余额不足"),
        ("连接失败：TimeoutError", "no connection: TimeoutError"),
        ("标志上有更急的内容", "the sign shows something more urgent"),
        ("HTTP 503", "HTTP 503"),
        ("", ""),
    ],
)
def test_why_something_failed_is_said_in_the_readers_language(said: str, en: str) -> None:
    from sizao.web.pages.templatetags.sizao import why_not

    with translation.override("zh-hans"):
        assert why_not(said) == said
    with translation.override("en"):
        assert why_not(said) == en


def test_every_reason_that_is_stored_has_english() -> None:
    """Details of deliveries are literals; those of the web's own words are all known."""
    from sizao.web.pages.templatetags.sizao import WHY_NOT

    written = set()
    for path in Path(channels.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for found in re.findall(r"""detail=(?:"" if \w+ else )?f?"([^"{]*)""", text):
            written |= {found.partition("：")[0]} if re.search("[\u4e00-\u9fff]", found) else set()
    assert len(written) >= 6
    assert written <= set(WHY_NOT)


def test_every_reason_is_said_in_english() -> None:
    from sizao.web.pages.templatetags.sizao import WHY_NOT, why_not

    with translation.override("en"):
        assert [one for one in WHY_NOT if re.search("[\u4e00-\u9fff]", why_not(one))] == []


@pytest.mark.parametrize(
    ("rule", "severity", "value", "zh", "en"),
    [
        ("capacity_alarm", "", 1.0, "1 次报警", "1 alarm"),
        ("dsm_fatigue", "", 3.0, "3 次报警", "3 alarms"),
        ("over_capacity", "", 1.0, "1 人", "1 person"),
        ("overload_repeat", "enterprise", 1.0, "1 辆", "1 vehicle"),
        ("hot_list", "", 0.0, "0 个字符不同", "0 characters differ"),
    ],
)
def test_one_of_something_is_no_several(
    rule: str, severity: str, value: float, zh: str, en: str
) -> None:
    for language, told in (("zh-hans", zh), ("en", en)):
        with translation.override(language):
            assert counted(rule, severity, value, "count") == told
